//! Consuming by listener: tags, order, delay.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ferromq_client::{ConsumeFrom, Message, OrderlyResult, PushConsumer, QueueOffset};
use parking_lot::Mutex;
use std::sync::Arc;

use super::support::server;
use super::support::{
    Received, assert_each_once, body, eventually, fresh, producer, pull, push, send,
};

#[tokio::test]
async fn every_message_reaches_a_listener_once() {
    let server = server().await;
    let (producer, topic) = (producer(&server.namesrv()).await, fresh("concurrent"));
    send(&producer, &topic, 50).await;
    let received = Received::default();
    let consumer = push(&server.namesrv(), &fresh("g"), &topic)
        .concurrent(received.listener())
        .start()
        .await
        .unwrap();
    received.until_count(50).await;
    // What is sent while the consumer waits at the broker arrives before its pull is due to be answered anyway.
    let start = Instant::now();
    producer.send(Message::new(&topic, "50")).await.unwrap();
    received.until_count(51).await;
    assert!(
        start.elapsed() < Duration::from_secs(14),
        "{:?}",
        start.elapsed()
    );
    consumer.shutdown().await;
    assert_each_once(&received.all(), 51);
}

#[tokio::test]
async fn only_the_wanted_tags_come() {
    let server = server().await;
    let (producer, topic) = (producer(&server.namesrv()).await, fresh("tags"));
    // The tags Aa and BB have the same hash.
    for (number, tag) in ["Aa", "BB", "C", "Aa", "D"].iter().enumerate() {
        let message = Message::new(&topic, number.to_string()).with_tag(*tag);
        producer.send(message).await.unwrap();
    }
    producer.send(Message::new(&topic, "5")).await.unwrap();
    producer
        .send(Message::new(&topic, "last").with_tag("C"))
        .await
        .unwrap();
    let received = Received::default();
    let consumer = PushConsumer::builder(fresh("g"))
        .name_servers(server.namesrv())
        .subscribe(&topic, "Aa || C")
        .from(ConsumeFrom::First)
        .concurrent(received.listener())
        .start()
        .await
        .unwrap();
    received.until_count(4).await;
    let mut bodies = received.bodies();
    bodies.sort();
    assert_eq!(bodies, ["0", "2", "3", "last"]);
    consumer.shutdown().await;
}

#[tokio::test]
async fn an_orderly_listener_sees_each_queue_in_order_even_if_it_fails() {
    let server = server().await;
    let (producer, topic) = (producer(&server.namesrv()).await, fresh("orderly"));
    for number in 0..60 {
        let message = Message::new(&topic, number.to_string());
        let key = format!("key-{}", number % 7);
        producer.send_in_order(message, &key).await.unwrap();
    }
    let (received, failed) = (Received::default(), Arc::new(Mutex::new(BTreeMap::new())));
    let (into, failures) = (received.clone(), Arc::clone(&failed));
    let consumer = push(&server.namesrv(), &fresh("g"), &topic)
        .orderly(move |messages| {
            // Every tenth message fails the first time.
            let number: u32 = body(&messages[0]).parse().unwrap();
            let first = *failures
                .lock()
                .entry(number)
                .and_modify(|n| *n += 1)
                .or_insert(1)
                == 1;
            let fails = number.is_multiple_of(10) && first;
            if !fails {
                into.add(&messages);
            }
            async move {
                if fails {
                    OrderlyResult::SuspendFor(Duration::from_millis(10))
                } else {
                    OrderlyResult::Success
                }
            }
        })
        .start()
        .await
        .unwrap();
    received.until_count(60).await;
    consumer.shutdown().await;
    assert_each_once(&received.all(), 60);
    assert_eq!(
        failed.lock().values().filter(|times| **times == 2).count(),
        6
    );
    let mut next: BTreeMap<String, QueueOffset> = BTreeMap::new();
    for message in received.all() {
        let expected = next.entry(message.queue().to_string()).or_default();
        assert_eq!(message.queue_offset(), *expected, "{}", message.queue());
        expected.0 += 1;
    }
}

#[tokio::test]
async fn a_delayed_message_comes_after_its_time() {
    let server = server().await;
    let (producer, topic) = (producer(&server.namesrv()).await, fresh("delayed"));
    producer.send(Message::new(&topic, "0")).await.unwrap();
    let consumer = pull(&server.namesrv(), &fresh("g"))
        .subscribe(&topic, "*")
        .start()
        .await
        .unwrap();
    super::support::poll(&consumer, 1).await;
    let sent = Instant::now();
    producer
        .send(Message::new(&topic, "1").with_delay_level(1))
        .await
        .unwrap();
    let late = super::support::poll(&consumer, 1).await.remove(0);
    assert_eq!((body(&late).as_str(), late.topic()), ("1", &*topic));
    let took = sent.elapsed();
    assert!(Duration::from_millis(900) < took, "{took:?}");
}

#[tokio::test]
async fn a_suspended_consumer_gets_nothing_until_it_goes_on() {
    let server = server().await;
    let (producer, topic) = (producer(&server.namesrv()).await, fresh("suspend"));
    send(&producer, &topic, 1).await;
    let received = Received::default();
    let consumer = push(&server.namesrv(), &fresh("g"), &topic)
        .concurrent(received.listener())
        .start()
        .await
        .unwrap();
    received.until_count(1).await;
    consumer.suspend();
    let queues = consumer.assignment();
    assert!(!queues.is_empty());
    // One pull of each queue is under way at the broker; what it brings still comes.
    for queue in queues.iter().filter(|queue| *queue.topic == *topic) {
        producer
            .send_to(Message::new(&topic, format!("a{queue}")), queue)
            .await
            .unwrap();
    }
    let own = queues.iter().filter(|queue| *queue.topic == *topic).count();
    received.until_count(1 + own).await;
    for queue in queues.iter().filter(|queue| *queue.topic == *topic) {
        producer
            .send_to(Message::new(&topic, format!("b{queue}")), queue)
            .await
            .unwrap();
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(received.all().len(), 1 + own);
    consumer.resume();
    received.until_count(1 + 2 * own).await;
    consumer.shutdown().await;
}

#[tokio::test]
async fn a_consumer_may_start_before_its_topic_exists() {
    let server = server().await;
    let (producer, topic) = (producer(&server.namesrv()).await, fresh("later"));
    let received = Received::default();
    let consumer = push(&server.namesrv(), &fresh("g"), &topic)
        .concurrent(received.listener())
        .start()
        .await
        .unwrap();
    let own = |queues: &Vec<_>| queues.is_empty();
    eventually("nothing to hold", async || consumer.assignment(), own).await;
    send(&producer, &topic, 3).await;
    received.until_count(3).await;
    consumer.shutdown().await;
}
