//! Messages that are not consumed come again, and at last go to the dead-letter queue.

use std::time::Duration;

use ferromq_client::{ConsumeResult, Message, OrderlyResult};

use super::support::server;
use super::support::{Received, body, eventually, fresh, poll, producer, pull, push, send};

#[tokio::test]
async fn a_failed_message_comes_again_until_it_is_consumed() {
    let server = server().await;
    let (producer, topic) = (producer(&server.namesrv()).await, fresh("retry"));
    let message = Message::new(&topic, "x")
        .with_tag("t")
        .with_property("own", "1");
    let sent = producer.send(message).await.unwrap();
    let received = Received::default();
    let into = received.clone();
    let consumer = push(&server.namesrv(), &fresh("g"), &topic)
        .concurrent(move |messages| {
            into.add(&messages);
            let done = messages[0].reconsume_times() == 2;
            async move {
                if done {
                    ConsumeResult::Success
                } else {
                    ConsumeResult::Later
                }
            }
        })
        .start()
        .await
        .unwrap();
    received
        .until("three deliveries", |messages| messages.len() == 3)
        .await;
    consumer.shutdown().await;
    for (times, message) in (0..).zip(received.all()) {
        assert_eq!(message.reconsume_times(), times);
        assert_eq!((message.topic(), message.tag()), (&*topic, Some("t")));
        assert_eq!(message.property("own"), Some("1"));
        assert_eq!(message.message_id(), sent.message_id);
    }
}

#[tokio::test]
async fn what_always_fails_goes_to_the_dead_letter_queue() {
    let server = server().await;
    let (producer, topic, group) = (producer(&server.namesrv()).await, fresh("dead"), fresh("g"));
    send(&producer, &topic, 1).await;
    let received = Received::default();
    let into = received.clone();
    let consumer = push(&server.namesrv(), &group, &topic)
        .max_reconsume_times(2)
        .concurrent(move |messages| {
            into.add(&messages);
            async { panic!("a listener may panic") }
        })
        .start()
        .await
        .unwrap();
    received
        .until("three deliveries", |messages| messages.len() == 3)
        .await;
    assert_dead(&server.namesrv(), &group, &["0"]).await;
    consumer.shutdown().await;
    assert_eq!(received.all().len(), 3);
}

#[tokio::test]
async fn a_listener_may_send_a_part_of_its_messages_to_the_dead_letter_queue_at_once() {
    let server = server().await;
    let (producer, topic, group) = (producer(&server.namesrv()).await, fresh("dead"), fresh("g"));
    send(&producer, &topic, 4).await;
    let received = Received::default();
    let into = received.clone();
    let consumer = push(&server.namesrv(), &group, &topic)
        .concurrent(move |messages| {
            into.add(&messages);
            let bad = ["1", "3"].contains(&&*body(&messages[0]));
            async move {
                if bad {
                    ConsumeResult::DeadLetter
                } else {
                    ConsumeResult::Success
                }
            }
        })
        .start()
        .await
        .unwrap();
    received.until_count(4).await;
    assert_dead(&server.namesrv(), &group, &["1", "3"]).await;
    consumer.shutdown().await;
}

#[tokio::test]
async fn an_orderly_listener_gives_up_after_the_last_attempt() {
    let server = server().await;
    let (producer, topic, group) = (producer(&server.namesrv()).await, fresh("dead"), fresh("g"));
    producer.send(Message::new(&topic, "bad")).await.unwrap();
    let queues = producer.queues(&topic).await.unwrap();
    for queue in &queues {
        producer
            .send_to(Message::new(&topic, format!("good{queue}")), queue)
            .await
            .unwrap();
    }
    let received = Received::default();
    let into = received.clone();
    let consumer = push(&server.namesrv(), &group, &topic)
        .max_reconsume_times(2)
        .orderly(move |messages| {
            into.add(&messages);
            let bad = body(&messages[0]) == "bad";
            async move {
                if bad {
                    OrderlyResult::SuspendFor(Duration::from_millis(10))
                } else {
                    OrderlyResult::Success
                }
            }
        })
        .start()
        .await
        .unwrap();
    received.until_count(1 + queues.len()).await;
    assert_dead(&server.namesrv(), &group, &["bad"]).await;
    consumer.shutdown().await;
    let bad = received
        .bodies()
        .iter()
        .filter(|body| *body == "bad")
        .count();
    assert_eq!(bad, 3);
}

/// Waits until the group's dead-letter queue holds exactly these bodies.
async fn assert_dead(namesrv: &str, group: &str, expected: &[&str]) {
    let consumer = pull(namesrv, &fresh("undertaker")).start().await.unwrap();
    let topic = format!("%DLQ%{group}");
    let look = async || consumer.queues(&topic).await.ok();
    let queues = eventually("the dead-letter topic is there", look, Option::is_some).await;
    consumer.assign(queues.unwrap()).await.unwrap();
    let mut dead: Vec<String> = poll(&consumer, expected.len())
        .await
        .iter()
        .map(body)
        .collect();
    dead.sort();
    assert_eq!(dead, expected);
    consumer.shutdown().await;
}
