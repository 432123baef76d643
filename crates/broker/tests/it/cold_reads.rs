//! Messages that are on the disk only: whoever asks for them waits, and nobody else.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ferromq_testkit::SimDisk;
use ferromq_wire::code::{RequestCode, ResponseCode};
use ferromq_wire::request::{PullRequest, pull_flag};

use crate::support::{Client, Pulled, TOPIC, TestBroker, everything, pull, request, to_topic};

const COUNT: usize = 400;

fn body(i: usize) -> String {
    format!("{i:>2000}")
}

/// A broker with 800 KB of messages, of which 256 KiB are in memory; the others are on a disk that does not answer.
fn broker() -> (SimDisk, TestBroker, Client) {
    let disk = SimDisk::new();
    let broker = TestBroker::start_on(
        Arc::new(disk.clone()),
        Duration::from_secs(5),
        |_, store| {
            store.tail_ring_bytes = 1;
            store.segment_bytes = 1 << 20;
        },
    );
    let mut client = broker.client();
    for i in 0..COUNT {
        client.send_ok(&to_topic(TOPIC), body(i).as_bytes());
        if i == COUNT / 2 {
            // Somebody reads at the end of the log: what comes from now on is kept in memory.
            check(&client.pull(&at(i)), i);
        }
    }
    disk.set_cold(Some("commitlog"));
    disk.hold_cold_reads(true);
    (disk, broker, client)
}

fn at(queue_offset: usize) -> PullRequest<'static> {
    PullRequest {
        queue_offset: i64::try_from(queue_offset).unwrap(),
        ..everything(TOPIC)
    }
}

fn check(pulled: &Pulled, from: usize) {
    assert_eq!(
        pulled.code,
        ResponseCode::SUCCESS,
        "{:?}",
        pulled.reply.remark
    );
    let bodies = pulled.bodies();
    assert!(!bodies.is_empty());
    for (i, found) in bodies.iter().enumerate() {
        assert_eq!(*found, body(from + i));
    }
    let next = i64::try_from(from + bodies.len()).unwrap();
    assert_eq!(pulled.header().next_begin_offset, next);
}

#[test]
fn others_on_the_same_thread_are_answered_meanwhile() {
    let (disk, _broker, mut client) = broker();
    let cold = client.post(pull(&at(0)));
    disk.wait_for_cold_read();
    // The same connection, so the same thread: sends, pulls of what is in memory, and searches in the queue.
    for i in COUNT..COUNT + 20 {
        client.send_ok(&to_topic(TOPIC), body(i).as_bytes());
        check(&client.pull(&at(i)), i);
    }
    disk.hold_cold_reads(false);
    let reply = client.receive();
    assert_eq!(reply.opaque, cold);
    check(&Pulled::of(reply), 0);
    // What was read lies in memory now, with what comes after it.
    check(&client.pull(&at(3)), 3);
}

#[test]
fn more_of_them_than_are_read_at_once_are_all_answered() {
    let (disk, _broker, mut client) = broker();
    let mut asked = BTreeMap::new();
    for i in 0..60 {
        let suspend = PullRequest {
            sys_flag: pull_flag::SUBSCRIPTION | pull_flag::SUSPEND,
            suspend_timeout_millis: 1_000,
            ..at(i)
        };
        asked.insert(client.post(pull(&suspend)), i);
    }
    disk.wait_for_cold_read();
    check(&broker_tail(&mut client), COUNT - 1);
    disk.hold_cold_reads(false);
    while !asked.is_empty() {
        let reply = client.receive();
        let from = asked.remove(&reply.opaque).unwrap();
        check(&Pulled::of(reply), from);
    }
}

fn broker_tail(client: &mut Client) -> Pulled {
    client.pull(&at(COUNT - 1))
}

#[test]
fn searches_wait_for_the_disk_elsewhere_too() {
    let (disk, _broker, mut client) = broker();
    let queue = [("topic", TOPIC), ("queueId", "0"), ("timestamp", "1")];
    let first = [("offset", "0")];
    let by_time = client.post(request(RequestCode::SEARCH_OFFSET_BY_TIMESTAMP, &queue));
    let view = client.post(request(RequestCode::VIEW_MESSAGE_BY_ID, &first));
    disk.wait_for_cold_read();
    check(&broker_tail(&mut client), COUNT - 1);
    disk.hold_cold_reads(false);
    let mut replies = BTreeMap::new();
    for _ in 0..2 {
        let reply = client.receive();
        replies.insert(reply.opaque, reply);
    }
    assert_eq!(replies[&by_time].ext.get("offset"), Some("0"));
    let viewed = &replies[&view];
    assert_eq!(viewed.response_code(), ResponseCode::SUCCESS);
    assert_eq!(
        Pulled {
            code: ResponseCode::SUCCESS,
            reply: viewed.clone()
        }
        .bodies(),
        [body(0)]
    );
}

#[test]
fn a_client_that_goes_away_takes_its_reads_with_it() {
    let (disk, broker, mut client) = broker();
    for i in 0..60 {
        client.post(pull(&at(i)));
    }
    disk.wait_for_cold_read();
    drop(client);
    let mut other = broker.client();
    check(&broker_tail(&mut other), COUNT - 1);
    disk.hold_cold_reads(false);
    check(&other.pull(&at(7)), 7);
}

#[test]
fn a_stopping_server_answers_what_is_being_read() {
    let (disk, mut broker, mut client) = broker();
    let cold = client.post(pull(&at(5)));
    disk.wait_for_cold_read();
    let release = std::thread::spawn(move || {
        disk.hold_cold_reads(false);
    });
    broker.stop();
    release.join().unwrap();
    let reply = client.receive();
    assert_eq!(reply.opaque, cold);
    check(&Pulled::of(reply), 5);
}

#[test]
fn a_message_that_is_on_the_disk_only_can_be_sent_back() {
    let (disk, _broker, mut client) = broker();
    let first = [("offset", "0"), ("group", "G"), ("delayLevel", "-1")];
    let nothing = [("offset", "17"), ("group", "G"), ("delayLevel", "-1")];
    let back = client.post(request(RequestCode::CONSUMER_SEND_MSG_BACK, &first));
    let lost = client.post(request(RequestCode::CONSUMER_SEND_MSG_BACK, &nothing));
    disk.wait_for_cold_read();
    check(&broker_tail(&mut client), COUNT - 1);
    disk.hold_cold_reads(false);
    for _ in 0..2 {
        let reply = client.receive();
        if reply.opaque == back {
            assert_eq!(reply.response_code(), ResponseCode::SUCCESS);
        } else {
            assert_eq!(reply.opaque, lost);
            assert_eq!(reply.response_code(), ResponseCode::SYSTEM_ERROR);
        }
    }
    assert_eq!(client.pull_one("%DLQ%G", 0).bodies(), [body(0)]);
}
