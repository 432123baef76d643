//! Delayed messages: never early, in order, not lost by a restart.

use std::time::{Duration, Instant};

use ferromq_config::DelayLevels;
use ferromq_wire::request::{PullRequest, SendRequest};

use crate::support::{Client, TOPIC, TestBroker, everything, properties, to_topic};

fn send_delayed(client: &mut Client, level: &str, body: &str) -> i64 {
    let text = properties(&[("DELAY", level), ("TAGS", "A")]);
    let message = SendRequest {
        properties: &text,
        queue_id: 2,
        ..to_topic(TOPIC)
    };
    client.send_ok(&message, body.as_bytes())
}

fn short() -> TestBroker {
    TestBroker::start_with(|config, _| {
        config.message_delay_level = DelayLevels::parse("1s 2s").unwrap();
    })
}

/// Waits for `count` messages in queue 2.
fn collect(client: &mut Client, count: usize) -> Vec<String> {
    let mut bodies = Vec::new();
    while bodies.len() < count {
        let queue_offset = i64::try_from(bodies.len()).unwrap();
        let pulled = client.pull(&PullRequest {
            queue_id: 2,
            queue_offset,
            sys_flag: 6,
            suspend_timeout_millis: 30_000,
            ..everything(TOPIC)
        });
        assert_eq!(pulled.reply.code, 0, "{bodies:?}");
        for message in pulled.messages() {
            // Consumers of RocketMQ see that a message was delayed, and so do ours.
            assert!(message.property("DELAY").is_some());
            assert_eq!(message.property("REAL_TOPIC"), Some(TOPIC));
            assert_eq!(message.property("REAL_QID"), Some("2"));
            assert_eq!(message.property("TAGS"), Some("A"));
            assert_eq!(message.topic, TOPIC);
        }
        bodies.extend(pulled.bodies());
    }
    bodies
}

#[test]
fn messages_arrive_when_due_in_the_order_of_their_levels() {
    let broker = short();
    let mut client = broker.client();
    let begin = Instant::now();
    assert_eq!(
        send_delayed(&mut client, "2", "late"),
        0,
        "place in the queue of the level"
    );
    assert_eq!(send_delayed(&mut client, "1", "early 1"), 0);
    assert_eq!(send_delayed(&mut client, "1", "early 2"), 1);
    assert_eq!(send_delayed(&mut client, "99", "clamped"), 1);
    // On a busy machine the others may have come meanwhile, but behind these.
    assert_eq!(collect(&mut client, 2)[..2], ["early 1", "early 2"]);
    assert!(Duration::from_secs(1) <= begin.elapsed());
    assert_eq!(
        collect(&mut client, 4),
        ["early 1", "early 2", "late", "clamped"]
    );
    assert!(Duration::from_secs(2) <= begin.elapsed());
}

#[test]
fn messages_that_are_seen_only_when_synced_are_delayed_too() {
    let broker = TestBroker::start_with(|config, store| {
        config.message_delay_level = DelayLevels::parse("1s 2s").unwrap();
        store.visible_after_flush = true;
    });
    let mut client = broker.client();
    let begin = Instant::now();
    send_delayed(&mut client, "1", "delayed");
    assert_eq!(collect(&mut client, 1), ["delayed"]);
    assert!(Duration::from_secs(1) <= begin.elapsed());
}

#[test]
fn levels_of_zero_and_below_are_not_delayed() {
    let broker = short();
    let mut client = broker.client();
    for level in ["0", "-1"] {
        let text = properties(&[("DELAY", level)]);
        let message = SendRequest {
            properties: &text,
            ..to_topic(TOPIC)
        };
        client.send_ok(&message, b"now");
    }
    assert_eq!(client.pull(&everything(TOPIC)).bodies(), ["now", "now"]);
}

#[test]
fn a_restart_neither_loses_nor_repeats_nor_hurries_a_message() {
    let mut broker = short();
    let mut client = broker.client();
    send_delayed(&mut client, "1", "before");
    assert_eq!(collect(&mut client, 1), ["before"]);
    let begin = Instant::now();
    send_delayed(&mut client, "2", "over the restart");
    broker.restart();
    let mut client = broker.client();
    assert_eq!(collect(&mut client, 2), ["before", "over the restart"]);
    assert!(Duration::from_secs(2) <= begin.elapsed());
    send_delayed(&mut client, "1", "after");
    assert_eq!(
        collect(&mut client, 3),
        ["before", "over the restart", "after"]
    );
}
