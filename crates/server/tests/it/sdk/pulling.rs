//! Consuming at the application's own pace.

use std::time::Duration;

use ferromq_client::{ConsumeError, ConsumeFrom, Message, MessageQueue, Millis, QueueOffset};

use super::support::server;
use super::support::{assert_each_once, bodies, eventually, fresh, poll, producer, pull, send};

#[tokio::test]
async fn assigned_queues_can_be_sought_paused_and_committed() {
    let server = server().await;
    let (namesrv, topic, group) = (server.namesrv(), fresh("assign"), fresh("g"));
    let producer = producer(&namesrv).await;
    producer.send(Message::new(&topic, "first")).await.unwrap();
    let queue = producer.queues(&topic).await.unwrap().remove(0);
    let start = producer
        .send_to(Message::new(&topic, "0"), &queue)
        .await
        .unwrap()
        .queue_offset;
    for number in 1..10 {
        let message = Message::new(&topic, number.to_string());
        producer.send_to(message, &queue).await.unwrap();
    }
    let consumer = pull(&namesrv, &group)
        .auto_commit(None)
        .start()
        .await
        .unwrap();
    let error = consumer.seek(&queue, start).await.unwrap_err();
    assert!(matches!(error, ConsumeError::NotAssigned { .. }), "{error}");
    consumer.assign(vec![queue.clone()]).await.unwrap();
    consumer.seek(&queue, start).await.unwrap();
    assert_each_once(&poll(&consumer, 10).await, 10);
    let end = QueueOffset(start.0 + 10);
    assert_eq!(consumer.max_offset(&queue).await.unwrap(), end);
    assert_eq!(
        consumer
            .committed(&queue)
            .await
            .unwrap()
            .unwrap_or_default(),
        QueueOffset(0)
    );
    consumer.commit().await;
    assert_eq!(consumer.committed(&queue).await.unwrap(), Some(end));

    let eighth = QueueOffset(start.0 + 8);
    consumer.seek(&queue, eighth).await.unwrap();
    assert_eq!(bodies(&poll(&consumer, 2).await), ["8", "9"]);
    let error = consumer
        .seek(&queue, QueueOffset(end.0 + 1))
        .await
        .unwrap_err();
    assert!(matches!(error, ConsumeError::OutOfRange { .. }), "{error}");

    consumer.pause(std::slice::from_ref(&queue));
    consumer.seek_to_end(&queue).await.unwrap();
    producer
        .send_to(Message::new(&topic, "10"), &queue)
        .await
        .unwrap();
    assert!(
        consumer
            .poll(Duration::from_millis(300))
            .await
            .unwrap()
            .is_empty()
    );
    consumer.resume(std::slice::from_ref(&queue));
    assert_eq!(bodies(&poll(&consumer, 1).await), ["10"]);
    consumer.commit_offset(&queue, eighth).await.unwrap();
    assert_eq!(consumer.committed(&queue).await.unwrap(), Some(eighth));
    consumer.shutdown().await;

    let again = pull(&namesrv, &group).start().await.unwrap();
    again.assign(vec![queue]).await.unwrap();
    assert_eq!(bodies(&poll(&again, 3).await), ["8", "9", "10"]);
    again.shutdown().await;
}

#[tokio::test]
async fn an_offset_can_be_found_by_time() {
    let server = server().await;
    let (namesrv, topic) = (server.namesrv(), fresh("time"));
    let producer = producer(&namesrv).await;
    producer.send(Message::new(&topic, "x")).await.unwrap();
    let queue = producer.queues(&topic).await.unwrap().remove(0);
    for number in 0..3 {
        let message = Message::new(&topic, number.to_string());
        producer.send_to(message, &queue).await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let consumer = pull(&namesrv, &fresh("g")).start().await.unwrap();
    consumer.assign(vec![queue.clone()]).await.unwrap();
    consumer.seek_to_begin(&queue).await.unwrap();
    let count = consumer.max_offset(&queue).await.unwrap().0 as usize;
    let messages = poll(&consumer, count).await;
    let second = &messages[count - 2];
    let found = consumer
        .offset_by_time(&queue, second.stored_at())
        .await
        .unwrap();
    assert_eq!(found, second.queue_offset());
    let later = Millis(messages[count - 1].stored_at().0 + 1);
    let found = consumer.offset_by_time(&queue, later).await.unwrap();
    assert_eq!(found, consumer.max_offset(&queue).await.unwrap());
}

#[tokio::test]
async fn messages_come_as_a_stream() {
    let server = server().await;
    let (namesrv, topic) = (server.namesrv(), fresh("stream"));
    let producer = producer(&namesrv).await;
    send(&producer, &topic, 40).await;
    let consumer = pull(&namesrv, &fresh("g"))
        .subscribe(&topic, "*")
        .start()
        .await
        .unwrap();
    let (mut stream, mut all) = (consumer.messages(), Vec::new());
    while all.len() < 40 {
        all.push(stream.next().await.unwrap().unwrap());
    }
    assert_each_once(&all, 40);
    consumer.shutdown().await;
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn subscribers_share_the_queues() {
    let server = server().await;
    let (namesrv, topic, group) = (server.namesrv(), fresh("shared"), fresh("g"));
    let producer = producer(&namesrv).await;
    send(&producer, &topic, 8).await;
    let first = pull(&namesrv, &group)
        .subscribe(&topic, "*")
        .start()
        .await
        .unwrap();
    poll(&first, 8).await;
    let all = first.assignment();
    let second = pull(&namesrv, &group)
        .subscribe(&topic, "*")
        .start()
        .await
        .unwrap();
    let look = async || (first.assignment(), second.assignment());
    eventually("shared", look, |(a, b)| {
        !a.is_empty() && !b.is_empty() && a.len() + b.len() == all.len()
    })
    .await;
    let error = first.assign(all.clone()).await.unwrap_err();
    assert!(matches!(error, ConsumeError::Subscribed), "{error}");
    second.shutdown().await;
    let look = async || first.assignment();
    eventually("all again", look, |held: &Vec<MessageQueue>| *held == all).await;
    first.shutdown().await;
    let error = first.poll(Duration::from_secs(1)).await.unwrap_err();
    assert!(matches!(error, ConsumeError::Stopped), "{error}");
}

#[tokio::test]
async fn a_group_that_starts_at_the_end_gets_only_what_is_new() {
    let server = server().await;
    let (namesrv, topic) = (server.namesrv(), fresh("last"));
    let producer = producer(&namesrv).await;
    send(&producer, &topic, 5).await;
    let queues = producer.queues(&topic).await.unwrap();
    let consumer = pull(&namesrv, &fresh("g"))
        .from(ConsumeFrom::Last)
        .start()
        .await
        .unwrap();
    consumer.assign(queues.clone()).await.unwrap();
    for queue in &queues {
        // A broker may let a new group begin at 0 while the queue is young.
        consumer.seek_to_end(queue).await.unwrap();
    }
    producer.send(Message::new(&topic, "new")).await.unwrap();
    assert_eq!(bodies(&poll(&consumer, 1).await), ["new"]);
    consumer.shutdown().await;
}
