//! Committing and asking for offsets.

use std::time::{Duration, Instant};

use ferromq_wire::code::{RequestCode, ResponseCode};
use ferromq_wire::command::RemotingCommand;
use ferromq_wire::request::{QueryConsumerOffsetRequest, UpdateConsumerOffsetRequest};

use crate::support::{Client, GROUP, PATIENCE, TOPIC, TestBroker, heartbeat, to_topic};

/// A broker with the test topic, holding one message in queue 0, and the test group.
fn broker() -> (TestBroker, Client) {
    let broker = TestBroker::start();
    let mut client = broker.client();
    client.send_ok(&to_topic(TOPIC), b"0");
    let opaque = client.post(heartbeat("CLUSTERING", "*", 1));
    while client.receive().opaque != opaque {}
    (broker, client)
}

fn update(group: &str, topic: &str, queue_id: i32, commit_offset: i64) -> RemotingCommand {
    let request = UpdateConsumerOffsetRequest {
        consumer_group: group.to_owned(),
        topic: topic.to_owned(),
        queue_id,
        commit_offset,
    };
    RemotingCommand::request(RequestCode::UPDATE_CONSUMER_OFFSET, &request)
}

/// The next answer, past notices.
fn call(client: &mut Client, request: RemotingCommand) -> RemotingCommand {
    let opaque = client.post(request);
    loop {
        let frame = client.receive();
        if frame.is_response() && frame.opaque == opaque {
            return frame;
        }
    }
}

/// The answered offset, or the code and remark.
fn query(
    client: &mut Client,
    (group, topic): (&str, &str),
    queue_id: i32,
    zero: Option<bool>,
) -> Result<i64, String> {
    let request = QueryConsumerOffsetRequest {
        consumer_group: group.to_owned(),
        topic: topic.to_owned(),
        queue_id,
        set_zero_if_not_found: zero,
    };
    let request = RemotingCommand::request(RequestCode::QUERY_CONSUMER_OFFSET, &request);
    let reply = call(client, request);
    match reply.response_code() {
        ResponseCode::SUCCESS => Ok(reply.ext.get("offset").unwrap().parse().unwrap()),
        _ => Err(format!(
            "{} {}",
            reply.code,
            reply.remark.unwrap_or_default()
        )),
    }
}

#[test]
fn offsets_are_committed_forwards_and_backwards_and_beyond_the_end() {
    let (_broker, mut client) = broker();
    for offset in [5, 1_000_000, 2, 0] {
        let reply = call(&mut client, update(GROUP, TOPIC, 3, offset));
        assert_eq!(reply.response_code(), ResponseCode::SUCCESS);
        assert_eq!(query(&mut client, (GROUP, TOPIC), 3, None), Ok(offset));
    }
}

#[test]
fn what_does_not_exist_is_refused_and_not_made() {
    let (broker, mut client) = broker();
    for (request, code, remark) in [
        (update("nobody", TOPIC, 0, 1), 26, "Group nobody not exist!"),
        (
            update(GROUP, "nothing", 0, 1),
            17,
            "Topic nothing not exist!",
        ),
        (
            update(GROUP, TOPIC, 4, 1),
            29,
            "queueId[4] is illegal, topic T has 4 queues",
        ),
        (
            update(GROUP, TOPIC, -1, 1),
            29,
            "queueId[-1] is illegal, topic T has 4 queues",
        ),
        (
            update(GROUP, TOPIC, 0, -1),
            29,
            "commitOffset[-1] is illegal, topic T has 4 queues",
        ),
    ] {
        let reply = call(&mut client, request);
        assert_eq!((reply.code, reply.remark.as_deref()), (code, Some(remark)));
    }
    assert!(broker.broker().parts().groups.find("nobody").is_none());
}

#[test]
fn a_group_that_never_committed_starts_at_zero_while_the_first_message_is_recent() {
    let (_broker, mut client) = broker();
    let not_found = "22 Not found, V3_0_6_SNAPSHOT maybe this group consumer boot first";
    for (topic, queue, zero, expected) in [
        (TOPIC, 0, None, Ok(0)),
        (TOPIC, 0, Some(true), Ok(0)),
        (TOPIC, 0, Some(false), Err(not_found.to_owned())),
        (TOPIC, 3, None, Ok(0)),
        ("nothing", 0, None, Ok(0)),
    ] {
        assert_eq!(
            query(&mut client, ("new", topic), queue, zero),
            expected,
            "{topic} {queue} {zero:?}"
        );
    }
}

#[test]
fn one_way_commits_are_not_answered_and_count() {
    let (_broker, mut client) = broker();
    client.post(update(GROUP, TOPIC, 0, 7).oneway());
    client.post(update("nobody", TOPIC, 0, 7).oneway());
    assert_eq!(query(&mut client, (GROUP, TOPIC), 0, None), Ok(7));
}

#[test]
fn commits_are_on_the_disk_soon_and_survive() {
    let (mut broker, mut client) = broker();
    call(&mut client, update(GROUP, TOPIC, 1, 42));
    let file = broker.dir().join("config/consumerOffset.json");
    let until = Instant::now() + PATIENCE;
    while !std::fs::read_to_string(&file).is_ok_and(|text| text.contains("\"T@G\":{1:42")) {
        assert!(Instant::now() < until, "not saved in time");
        std::thread::sleep(Duration::from_millis(20));
    }
    broker.restart();
    assert_eq!(query(&mut broker.client(), (GROUP, TOPIC), 1, None), Ok(42));
}

#[test]
fn a_commit_without_its_fields_is_refused() {
    let (_broker, mut client) = broker();
    let reply = call(
        &mut client,
        RemotingCommand::bare_request(RequestCode::UPDATE_CONSUMER_OFFSET),
    );
    assert_eq!(reply.code, 1);
    let mut request = update(GROUP, TOPIC, 0, 1);
    request.ext.push("queueId", "many");
    let reply = call(&mut client, request);
    assert_eq!(reply.code, 1);
    assert!(reply.remark.unwrap().contains("queueId"));
}
