//! Clients outlive a restart of the server, and lose nothing.

use ferromq_client::{Message, Producer};

use super::support::{Received, distinct, fresh, producer, push, send, server};

/// Sends until it succeeds: while the server is away, sends fail.
async fn send_at_last(producer: &Producer, topic: &str, body: &str) {
    let deadline = tokio::time::Instant::now() + super::support::LONG;
    while let Err(error) = producer.send(Message::new(topic, body.to_owned())).await {
        assert!(tokio::time::Instant::now() < deadline, "{error}");
    }
}

async fn a_restart_is_survived(kill: bool) {
    let mut server = server().await;
    let (namesrv, topic, group) = (server.namesrv(), fresh("restart"), fresh("g"));
    let producer = producer(&namesrv).await;
    send(&producer, &topic, 20).await;
    let received = Received::default();
    let consumer = push(&namesrv, &group, &topic)
        .concurrent(received.listener())
        .start()
        .await
        .unwrap();
    received.until_count(20).await;
    if kill {
        server.kill();
    } else {
        server.stop();
    }
    server.start_again();
    send_at_last(&producer, &topic, "20").await;
    received.until_count(21).await;
    consumer.shutdown().await;

    let again = Received::default();
    send_at_last(&producer, &topic, "21").await;
    let consumer = push(&namesrv, &group, &topic)
        .concurrent(again.listener())
        .start()
        .await
        .unwrap();
    again.until_count(1).await;
    consumer.shutdown().await;
    assert_eq!(
        distinct(&again.all()).len(),
        1,
        "the group goes on where it was"
    );
}

#[tokio::test]
async fn a_clean_stop() {
    a_restart_is_survived(false).await;
}

#[tokio::test]
async fn a_kill() {
    a_restart_is_survived(true).await;
}

#[tokio::test]
async fn offsets_outlive_the_server() {
    let mut server = server().await;
    let (namesrv, topic, group) = (server.namesrv(), fresh("offsets"), fresh("g"));
    let producer = producer(&namesrv).await;
    send(&producer, &topic, 10).await;
    let received = Received::default();
    for count in [10, 11] {
        let consumer = push(&namesrv, &group, &topic)
            .concurrent(received.listener())
            .start()
            .await
            .unwrap();
        received.until_count(count).await;
        consumer.shutdown().await;
        server.stop();
        server.start_again();
        send_at_last(&producer, &topic, &count.to_string()).await;
    }
    super::support::assert_each_once(&received.all(), 11);
}
