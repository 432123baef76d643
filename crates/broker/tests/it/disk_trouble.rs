//! What producers and consumers see while the disk is slow or full.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ferromq_storage::FlushMode;
use ferromq_wire::code::{RequestCode, ResponseCode};
use ferromq_wire::request::{PullRequest, pull_flag};

use crate::gated_disk::GatedDisk;
use crate::support::{
    Client, PATIENCE, Pulled, TOPIC, TestBroker, everything, pull, request, send, to_topic,
};

/// What is synced at all is synced within this time, also on a busy machine.
const ACK_TIMEOUT: Duration = Duration::from_secs(3);

#[test]
fn a_disk_that_does_not_sync_in_time_is_told_and_its_message_shown_later() {
    let disk = GatedDisk::default();
    let broker = TestBroker::start_on(Arc::new(disk.clone()), ACK_TIMEOUT, |_, store| {
        store.flush = FlushMode::Sync;
    });
    let mut client = broker.client();
    client.send_ok(&to_topic(TOPIC), b"safe");
    disk.stall_syncs(true);
    let begin = Instant::now();
    let reply = client.call(send(&to_topic(TOPIC), b"stuck"));
    assert!(ACK_TIMEOUT <= begin.elapsed() + Duration::from_millis(1));
    assert_eq!(reply.response_code(), ResponseCode::FLUSH_DISK_TIMEOUT);
    for field in [
        "msgId",
        "queueId",
        "queueOffset",
        "transactionId",
        "MSG_REGION",
        "TRACE_ON",
    ] {
        assert!(reply.ext.get(field).is_some(), "{field}");
    }
    assert_eq!(client.pull(&everything(TOPIC)).bodies(), ["safe"]);
    let back = request(
        RequestCode::CONSUMER_SEND_MSG_BACK,
        &[("offset", "0"), ("group", "G"), ("delayLevel", "-1")],
    );
    let reply = client.call(back);
    assert_eq!(reply.response_code(), ResponseCode::SYSTEM_ERROR);
    assert_eq!(reply.remark.as_deref(), Some("FLUSH_DISK_TIMEOUT"));

    disk.stall_syncs(false);
    assert_eq!(client.pull_one(TOPIC, 1).bodies(), ["stuck"]);
    client.send_ok(&to_topic(TOPIC), b"safe again");
    assert_eq!(client.pull_one("%DLQ%G", 0).bodies(), ["safe"]);
}

#[test]
fn consumers_that_see_only_what_is_on_the_disk_are_woken_when_it_is() {
    let disk = GatedDisk::default();
    let broker = TestBroker::start_on(Arc::new(disk.clone()), ACK_TIMEOUT, |_, store| {
        store.visible_after_flush = true;
    });
    let mut client = broker.client();
    client.send_ok(&to_topic(TOPIC), b"0");
    assert_eq!(client.pull_one(TOPIC, 0).bodies(), ["0"]);
    disk.stall_syncs(true);
    client.send_ok(&to_topic(TOPIC), b"1");
    let place = [("topic", TOPIC), ("queueId", "0")];
    let max = |client: &mut Client| {
        let reply = client.call(request(RequestCode::GET_MAX_OFFSET, &place));
        reply.ext.get("offset").unwrap().to_owned()
    };
    assert_eq!(max(&mut client), "1");
    let mut consumer = broker.client();
    consumer.post(pull(&PullRequest {
        queue_offset: 1,
        sys_flag: pull_flag::SUBSCRIPTION | pull_flag::SUSPEND,
        suspend_timeout_millis: 120_000,
        ..everything(TOPIC)
    }));
    assert_eq!(max(&mut consumer), "1", "the pull before is held");
    disk.stall_syncs(false);
    assert_eq!(Pulled::of(consumer.receive()).bodies(), ["1"]);
    assert_eq!(max(&mut client), "2");
}

#[test]
fn a_write_that_fails_refuses_its_whole_turn_and_nothing_after_it() {
    let disk = GatedDisk::default();
    let broker = TestBroker::start_on(Arc::new(disk.clone()), ACK_TIMEOUT, |_, _| {});
    let mut client = broker.client();
    client.send_ok(&to_topic(TOPIC), b"0");
    disk.fail_writes(true);
    let numbers: Vec<i32> = (0..20)
        .map(|_| client.post(send(&to_topic(TOPIC), b"lost")))
        .collect();
    for opaque in numbers {
        let reply = client.receive();
        assert_eq!(reply.opaque, opaque);
        assert_eq!(reply.response_code(), ResponseCode::SERVICE_NOT_AVAILABLE);
        assert!(
            reply
                .remark
                .as_deref()
                .unwrap()
                .starts_with("service not available now")
        );
        assert_eq!(reply.ext.get("TRACE_ON"), Some("true"));
    }
    assert_eq!(client.pull(&everything(TOPIC)).bodies(), ["0"]);
    disk.fail_writes(false);
    let until = Instant::now() + PATIENCE;
    let offset = loop {
        let reply = client.call(send(&to_topic(TOPIC), b"1"));
        if reply.response_code() == ResponseCode::SUCCESS {
            break reply.ext.get("queueOffset").unwrap().to_owned();
        }
        assert!(Instant::now() < until, "{reply:?}");
    };
    assert_eq!(offset, "1");
    assert_eq!(client.pull(&everything(TOPIC)).bodies(), ["0", "1"]);
}

#[test]
fn a_new_topic_keeps_its_own_replies_waiting_until_it_is_saved_and_no_others() {
    let disk = GatedDisk::default();
    let broker = TestBroker::start_on(Arc::new(disk.clone()), ACK_TIMEOUT, |_, _| {});
    let (mut creator, mut other) = (broker.client(), broker.client());
    other.send_ok(&to_topic(TOPIC), b"0");
    disk.stall_settings(true);
    let created = creator.post(send(&to_topic("NewTopic"), b"1"));
    let known = creator.post(send(&to_topic(TOPIC), b"2"));
    assert_eq!(creator.receive().opaque, known);
    let late = other.post(send(&to_topic("NewTopic"), b"3"));
    let known = other.post(send(&to_topic(TOPIC), b"4"));
    assert_eq!(other.receive().opaque, known);

    disk.stall_settings(false);
    for (client, opaque) in [(&mut creator, created), (&mut other, late)] {
        let reply = client.receive();
        assert_eq!(reply.opaque, opaque);
        assert_eq!(reply.response_code(), ResponseCode::SUCCESS);
        assert!(reply.ext.get("msgId").is_some());
    }
}

#[test]
fn a_send_to_a_new_topic_that_cannot_be_saved_is_refused() {
    let disk = GatedDisk::default();
    let broker = TestBroker::start_on(Arc::new(disk.clone()), ACK_TIMEOUT, |_, _| {});
    let mut client = broker.client();
    disk.fail_settings(true);
    let reply = client.call(send(&to_topic("NewTopic"), b"1"));
    disk.fail_settings(false);
    assert_eq!(reply.response_code(), ResponseCode::SYSTEM_ERROR);
    let remark = reply.remark.unwrap_or_default();
    assert!(remark.contains("could not be saved"), "{remark}");
}
