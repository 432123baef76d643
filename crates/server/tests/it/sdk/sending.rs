//! Sending in every way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use ferromq_client::{Message, Producer, QueueOffset, SendError, SendStatus, by_key};

use super::support::server;
use super::support::{assert_each_once, bodies, fresh, poll, producer, pull};

#[tokio::test]
async fn a_send_says_where_the_message_is() {
    let server = server().await;
    let (producer, topic) = (producer(&server.namesrv()).await, fresh("sending"));
    let mut ids = Vec::new();
    for _ in 0..3 {
        let sent = producer.send(Message::new(&topic, "x")).await.unwrap();
        assert_eq!(sent.status, SendStatus::SendOk);
        assert_eq!(*sent.queue.topic, *topic);
        assert_eq!(sent.offset_message_id.len(), 32);
        assert_eq!(sent.transaction_id.as_ref(), Some(&sent.message_id));
        ids.push(sent.message_id);
    }
    ids.dedup();
    assert_eq!(ids.len(), 3, "every message has its own id");
    producer.shutdown().await;
    let error = producer.send(Message::new(&topic, "x")).await.unwrap_err();
    assert!(matches!(error, SendError::Stopped), "{error}");
}

#[tokio::test]
async fn messages_arrive_as_they_were_sent() {
    let server = server().await;
    let (producer, topic) = (producer(&server.namesrv()).await, fresh("contents"));
    let large = "ferromq ".repeat(20_000);
    let message = Message::new(&topic, large.clone())
        .with_tag("paid")
        .with_key("k1")
        .with_key("k2")
        .with_flag(7)
        .with_property("own", "välue \u{1F600}");
    let sent = producer.send(message).await.unwrap();
    let consumer = pull(&server.namesrv(), &fresh("g"))
        .subscribe(&topic, "*")
        .start()
        .await
        .unwrap();
    let view = poll(&consumer, 1).await.remove(0);
    assert_eq!(view.body(), large.as_bytes());
    assert_eq!((view.topic(), view.tag()), (&*topic, Some("paid")));
    assert_eq!(view.keys().collect::<Vec<_>>(), ["k1", "k2"]);
    assert_eq!(view.property("own"), Some("välue \u{1F600}"));
    assert_eq!((view.flag(), view.reconsume_times()), (7, 0));
    assert_eq!(view.message_id(), sent.message_id);
    assert_eq!(view.offset_message_id(), sent.offset_message_id);
    assert_eq!(
        (view.queue(), view.queue_offset()),
        (&sent.queue, sent.queue_offset)
    );
    consumer.shutdown().await;
}

#[tokio::test]
async fn many_sends_at_once_take_turns_over_the_queues() {
    let server = server().await;
    let (producer, topic) = (producer(&server.namesrv()).await, fresh("many"));
    producer.send(Message::new(&topic, "0")).await.unwrap();
    let mut sends = tokio::task::JoinSet::new();
    for number in 1..200 {
        let (producer, topic) = (producer.clone(), topic.clone());
        sends.spawn(async move {
            let message = Message::new(topic, number.to_string());
            producer.send(message).await.unwrap().queue
        });
    }
    let mut queues = sends.join_all().await;
    queues.sort();
    queues.dedup();
    assert_eq!(queues, producer.queues(&topic).await.unwrap());
    let consumer = pull(&server.namesrv(), &fresh("g"))
        .subscribe(&topic, "*")
        .start()
        .await
        .unwrap();
    assert_each_once(&poll(&consumer, 200).await, 200);
}

#[tokio::test]
async fn posted_messages_are_stored_and_failures_are_told() {
    let server = server().await;
    let topic = fresh("posted");
    let failed = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&failed);
    let producer = Producer::builder("tests")
        .name_servers(server.namesrv())
        .in_flight_max(8)
        .on_post_error(move |_, _| {
            count.fetch_add(1, Ordering::SeqCst);
        })
        .start()
        .await
        .unwrap();
    for number in 0..100 {
        producer
            .post(Message::new(&topic, number.to_string()))
            .await
            .unwrap();
    }
    producer.flush().await;
    let stats = producer.stats();
    assert_eq!((stats.sent, stats.failed, stats.in_flight), (100, 0, 0));
    let refused = Message::new(&topic, "x").with_property("p", "v".repeat(32_740));
    // The broker adds properties of its own, and then they are too long together.
    producer.post(refused).await.unwrap();
    producer.flush().await;
    assert_eq!(
        (producer.stats().failed, failed.load(Ordering::SeqCst)),
        (1, 1)
    );
}

#[tokio::test]
async fn one_way_messages_arrive() {
    let server = server().await;
    let (producer, topic) = (producer(&server.namesrv()).await, fresh("one-way"));
    producer.send(Message::new(&topic, "0")).await.unwrap();
    for number in 1..10 {
        let message = Message::new(&topic, number.to_string());
        producer.send_one_way(message).await.unwrap();
    }
    let consumer = pull(&server.namesrv(), &fresh("g"))
        .subscribe(&topic, "*")
        .start()
        .await
        .unwrap();
    assert_each_once(&poll(&consumer, 10).await, 10);
}

#[tokio::test]
async fn a_batch_is_stored_together() {
    let server = server().await;
    let (producer, topic) = (producer(&server.namesrv()).await, fresh("batch"));
    let batch: Vec<Message> = (0..10)
        .map(|number| Message::new(&topic, number.to_string()).with_tag(format!("t{number}")))
        .collect();
    let sent = producer.send_batch(batch).await.unwrap();
    assert_eq!(sent.message_id.split(',').count(), 10);
    let consumer = pull(&server.namesrv(), &fresh("g"))
        .subscribe(&topic, "*")
        .start()
        .await
        .unwrap();
    let messages = poll(&consumer, 10).await;
    for (number, message) in (0_u64..).zip(&messages) {
        assert_eq!(message.queue(), &sent.queue);
        assert_eq!(
            message.queue_offset(),
            QueueOffset(sent.queue_offset.0 + number)
        );
        assert_eq!(message.tag(), Some(&*format!("t{number}")));
    }
    assert_eq!(
        bodies(&messages),
        (0..10).map(|i| i.to_string()).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn the_application_may_choose_the_queue() {
    let server = server().await;
    let (producer, topic) = (producer(&server.namesrv()).await, fresh("chosen"));
    producer.send(Message::new(&topic, "x")).await.unwrap();
    let queues = producer.queues(&topic).await.unwrap();
    let last = queues.last().unwrap();
    let sent = producer
        .send_to(Message::new(&topic, "x"), last)
        .await
        .unwrap();
    assert_eq!(&sent.queue, last);
    let first = producer
        .send_selected(Message::new(&topic, "x"), |queues| queues.first())
        .await
        .unwrap();
    assert_eq!(&first.queue, &queues[0]);
    for key in ["a", "b", "order-7"] {
        let expected = by_key(&queues, key).unwrap();
        for _ in 0..2 {
            let sent = producer.send_in_order(Message::new(&topic, "x"), key).await;
            assert_eq!(&sent.unwrap().queue, expected);
        }
    }
}
