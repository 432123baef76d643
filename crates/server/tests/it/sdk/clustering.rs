//! Members of a group share the queues, and offsets outlive them.

use std::time::Duration;

use ferromq_client::{PushConsumer, Strategy};

use super::support::server;
use super::support::{
    Received, assert_each_once, distinct, eventually, fresh, producer, push, send,
};

async fn member(
    namesrv: &str,
    group: &str,
    topic: &str,
    strategy: Strategy,
    received: &Received,
) -> PushConsumer {
    push(namesrv, group, topic)
        .strategy(strategy)
        .concurrent(received.listener())
        .start()
        .await
        .unwrap()
}

/// Numbers of the topic's queues that a member holds.
fn held(consumer: &PushConsumer, topic: &str) -> Vec<u32> {
    let all = consumer.assignment();
    let own = all.iter().filter(|queue| *queue.topic == *topic);
    own.map(|queue| queue.id.0).collect()
}

#[tokio::test]
async fn two_members_share_and_one_takes_over_when_the_other_leaves() {
    for strategy in [Strategy::Averagely, Strategy::ByCircle] {
        let server = server().await;
        let (producer, topic) = (producer(&server.namesrv()).await, fresh("cluster"));
        send(&producer, &topic, 20).await;
        let (namesrv, group) = (server.namesrv(), fresh("g"));
        let received = Received::default();
        let first = member(&namesrv, &group, &topic, strategy, &received).await;
        received.until_count(20).await;
        let all = held(&first, &topic);
        let second = member(&namesrv, &group, &topic, strategy, &received).await;
        let look = async || (held(&first, &topic), held(&second, &topic));
        let shares = eventually("the queues are shared", look, |(a, b)| {
            a.len() == b.len() && a.len() + b.len() == all.len()
        })
        .await;
        let mut both = [shares.0, shares.1].concat();
        both.sort_unstable();
        assert_eq!(both, all, "every queue has exactly one owner");
        first.shutdown().await;
        let look = async || held(&second, &topic);
        eventually("the second takes all", look, |held| *held == all).await;
        for number in 20..40 {
            let message = ferromq_client::Message::new(&topic, number.to_string());
            producer.send(message).await.unwrap();
        }
        received.until_count(40).await;
        second.shutdown().await;
        let counts = distinct(&received.all());
        // While queues are shared anew a message may come twice, later not.
        let later = (20..40).all(|number| counts[&number.to_string()] == 1);
        assert!(later && counts.len() == 40, "{counts:?}");
    }
}

#[tokio::test]
async fn nothing_is_lost_when_members_change_under_load() {
    let server = server().await;
    let (producer, topic) = (producer(&server.namesrv()).await, fresh("load"));
    send(&producer, &topic, 1).await;
    let (namesrv, group) = (server.namesrv(), fresh("g"));
    let received = Received::default();
    let first = member(&namesrv, &group, &topic, Strategy::Averagely, &received).await;
    let sending = {
        let (producer, topic) = (producer.clone(), topic.clone());
        tokio::spawn(async move {
            for number in 1..600 {
                let message = ferromq_client::Message::new(&topic, number.to_string());
                producer.send(message).await.unwrap();
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        })
    };
    let second = member(&namesrv, &group, &topic, Strategy::Averagely, &received).await;
    eventually(
        "shared",
        async || held(&second, &topic),
        |held| !held.is_empty(),
    )
    .await;
    first.shutdown().await;
    sending.await.unwrap();
    received.until_count(600).await;
    second.shutdown().await;
    let repeated = distinct(&received.all())
        .values()
        .filter(|n| **n > 1)
        .count();
    assert!(repeated < 100, "{repeated} of 600 came twice");
}

#[tokio::test]
async fn a_group_goes_on_where_it_left_off() {
    let server = server().await;
    let (producer, topic) = (producer(&server.namesrv()).await, fresh("offsets"));
    send(&producer, &topic, 30).await;
    let (namesrv, group) = (server.namesrv(), fresh("g"));
    let received = Received::default();
    let first = member(&namesrv, &group, &topic, Strategy::Averagely, &received).await;
    received.until_count(30).await;
    first.shutdown().await;
    producer
        .send(ferromq_client::Message::new(&topic, "30"))
        .await
        .unwrap();
    let second = member(&namesrv, &group, &topic, Strategy::Averagely, &received).await;
    received.until_count(31).await;
    second.shutdown().await;
    assert_each_once(&received.all(), 31);
}
