//! What a restart must not change.

use ferromq_storage::FlushMode;
use ferromq_wire::request::{PullRequest, pull_flag};

use crate::support::{GROUP, TOPIC, TestBroker, everything, to_topic};
use ferromq_base::{QueueId, QueueOffset};

#[test]
fn messages_topics_and_offsets_are_still_there() {
    let mut broker = TestBroker::start();
    let mut client = broker.client();
    for i in 0..50 {
        client.send_ok(&to_topic(TOPIC), format!("{i}").as_bytes());
    }
    client.pull(&PullRequest {
        commit_offset: 17,
        sys_flag: pull_flag::SUBSCRIPTION | pull_flag::COMMIT_OFFSET,
        ..everything(TOPIC)
    });
    let before = client.pull(&everything(TOPIC)).reply.body;
    broker.restart();
    let mut client = broker.client();
    assert_eq!(client.pull(&everything(TOPIC)).reply.body, before);
    let parts = broker.broker().parts();
    assert_eq!(parts.topics.find(TOPIC).unwrap().write_queues, 4);
    let committed = parts.offsets.committed(GROUP, TOPIC, QueueId(0));
    assert_eq!(committed, Some(QueueOffset(17)));
    assert_eq!(client.send_ok(&to_topic(TOPIC), b"50"), 50);
    let rest = PullRequest {
        queue_offset: 48,
        ..everything(TOPIC)
    };
    assert_eq!(client.pull(&rest).bodies(), ["48", "49", "50"]);
}

#[test]
fn messages_are_seen_and_acknowledged_once_the_disk_has_them() {
    let broker = TestBroker::start_with(|_, store| store.flush = FlushMode::Sync);
    let mut producer = broker.client();
    let mut consumer = broker.client();
    producer.send_ok(&to_topic(TOPIC), b"0");
    for i in 1..20 {
        let body = i.to_string();
        producer.send_ok(&to_topic(TOPIC), body.as_bytes());
        assert_eq!(consumer.pull_one(TOPIC, i).bodies(), [body]);
    }
}
