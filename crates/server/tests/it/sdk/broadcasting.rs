//! Every member gets everything, and keeps its offsets in a file.

use ferromq_client::{Message, MessageModel, PushConsumer};

use super::support::server;
use super::support::{Received, assert_each_once, fresh, producer, push, send};

async fn member(
    namesrv: &str,
    (group, topic): (&str, &str),
    name: &str,
    dir: &std::path::Path,
    received: &Received,
) -> PushConsumer {
    push(namesrv, group, topic)
        .model(MessageModel::Broadcasting)
        .instance_name(name)
        .offset_dir(dir)
        .concurrent(received.listener())
        .start()
        .await
        .unwrap()
}

#[tokio::test]
async fn all_members_get_everything_and_go_on_where_they_were() {
    let server = server().await;
    let namesrv = server.namesrv();
    let (producer, topic, group) = (producer(&namesrv).await, fresh("broadcast"), fresh("g"));
    let dir = tempfile::tempdir().unwrap();
    send(&producer, &topic, 20).await;
    let (a, b) = (Received::default(), Received::default());
    let of = (&*group, &*topic);
    let first = member(&namesrv, of, "first", dir.path(), &a).await;
    let second = member(&namesrv, of, "second", dir.path(), &b).await;
    a.until_count(20).await;
    b.until_count(20).await;
    first.shutdown().await;
    producer.send(Message::new(&topic, "20")).await.unwrap();
    b.until_count(21).await;
    second.shutdown().await;
    let first = member(&namesrv, of, "first", dir.path(), &a).await;
    a.until_count(21).await;
    first.shutdown().await;
    assert_each_once(&a.all(), 21);
    assert_each_once(&b.all(), 21);
}
