//! What no client should send.

use ferromq_wire::code::{RequestCode, ResponseCode};
use ferromq_wire::command::RemotingCommand;

use crate::support::{TOPIC, TestBroker, everything, pull, request, send, to_topic};

#[test]
fn unknown_codes_and_codes_that_are_not_built_are_told_apart() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    let reply = client.call(RemotingCommand::bare_request(RequestCode(9_999)));
    assert_eq!(
        reply.response_code(),
        ResponseCode::REQUEST_CODE_NOT_SUPPORTED
    );
    assert_eq!(reply.remark.unwrap(), " request type 9999 not supported");
    let reply = client.call(RemotingCommand::bare_request(RequestCode::POP_MESSAGE));
    assert_eq!(
        reply.response_code(),
        ResponseCode::REQUEST_CODE_NOT_SUPPORTED
    );
    assert_eq!(
        reply.remark.unwrap(),
        "this version of FerroMQ does not support request POP_MESSAGE (200050) yet"
    );
    let reply = client.call(RemotingCommand::bare_request(RequestCode::END_TRANSACTION));
    assert_eq!(
        reply.response_code(),
        ResponseCode::REQUEST_CODE_NOT_SUPPORTED
    );
}

#[test]
fn a_send_without_a_field_or_with_a_wrong_one_is_refused_by_name() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    let reply = client.call(RemotingCommand::bare_request(RequestCode::SEND_MESSAGE_V2));
    assert_eq!(reply.response_code(), ResponseCode::SYSTEM_ERROR);
    assert!(reply.remark.unwrap().contains("no extFields"));
    let reply = client.call(request(
        RequestCode::SEND_MESSAGE_V2,
        &[("a", "PG"), ("c", "x")],
    ));
    assert_eq!(reply.response_code(), ResponseCode::SYSTEM_ERROR);
    assert_eq!(reply.remark.unwrap(), "the request field topic is missing");
    for (field, value) in [("e", "one"), ("f", "99999999999"), ("g", "")] {
        let mut wrong = send(&to_topic(TOPIC), b"b");
        wrong.ext.push(field, value);
        let reply = client.call(wrong);
        assert_eq!(reply.response_code(), ResponseCode::SYSTEM_ERROR, "{field}");
        assert_eq!(reply.ext.get("MSG_REGION"), Some("DefaultRegion"));
    }
}

#[test]
fn every_built_request_refuses_to_work_without_fields() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    for code in [
        RequestCode::SEND_MESSAGE,
        RequestCode::SEND_BATCH_MESSAGE,
        RequestCode::PULL_MESSAGE,
        RequestCode::LITE_PULL_MESSAGE,
        RequestCode::CONSUMER_SEND_MSG_BACK,
        RequestCode::GET_MAX_OFFSET,
        RequestCode::GET_MIN_OFFSET,
        RequestCode::GET_EARLIEST_MSG_STORETIME,
        RequestCode::SEARCH_OFFSET_BY_TIMESTAMP,
        RequestCode::QUERY_MESSAGE,
        RequestCode::VIEW_MESSAGE_BY_ID,
        RequestCode::CHECK_CLIENT_CONFIG,
    ] {
        let reply = client.call(RemotingCommand::bare_request(code));
        assert_eq!(reply.response_code(), ResponseCode::SYSTEM_ERROR, "{code}");
        assert!(reply.remark.is_some());
    }
}

#[test]
fn a_header_that_cannot_be_read_ends_the_connection_and_nothing_else() {
    let broker = TestBroker::start();
    for bytes in [
        &b"\0\0\0\x08\0\0\0\x04{bad"[..],
        b"\x7f\xff\xff\xff\0\0\0\0",
        b"\0\0\0\x01\0",
        b"\0\0\0\x08\x09\0\0\x04{}  ",
    ] {
        let mut client = broker.client();
        client.write(bytes);
        assert!(client.is_closed_by_peer(), "{bytes:?}");
    }
    let mut client = broker.client();
    client.send_ok(&to_topic(TOPIC), b"b");
    assert_eq!(client.pull(&everything(TOPIC)).bodies(), ["b"]);
}

#[test]
fn answers_nobody_asked_for_are_ignored() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    client.post(RemotingCommand::response(5, ResponseCode::SUCCESS, None));
    client.send_ok(&to_topic(TOPIC), b"b");
}

/// Names of fields that some request reads, and values that fit some of them and none of the others.
const NAMES: &[&str] = &[
    "a",
    "b",
    "c",
    "d",
    "e",
    "f",
    "g",
    "h",
    "i",
    "j",
    "l",
    "m",
    "producerGroup",
    "topic",
    "defaultTopic",
    "defaultTopicQueueNums",
    "queueId",
    "sysFlag",
    "bornTimestamp",
    "flag",
    "properties",
    "reconsumeTimes",
    "unitMode",
    "maxReconsumeTimes",
    "batch",
    "consumerGroup",
    "queueOffset",
    "maxMsgNums",
    "commitOffset",
    "suspendTimeoutMillis",
    "subscription",
    "subVersion",
    "expressionType",
    "offset",
    "group",
    "delayLevel",
    "key",
    "maxNum",
    "beginTimestamp",
    "endTimestamp",
    "_UNIQUE_KEY_QUERY",
    "timestamp",
    "boundaryType",
    "clientID",
    "setZeroIfNotFound",
];
const VALUES: &[&str] = &[
    "",
    "0",
    "1",
    "3",
    "-1",
    "32",
    "2147483647",
    "-2147483648",
    "2147483648",
    "9223372036854775807",
    "-9223372036854775808",
    "1e9",
    "true",
    "T",
    "%RETRY%G",
    "%DLQ%G",
    "%RETRY%",
    "SCHEDULE_TOPIC_XXXX",
    "TBW102",
    "G",
    "*",
    "A || B",
    "||",
    "a.b",
    "../../x",
    "\u{1}\u{2}",
    "DELAY\u{1}1\u{2}",
    "DELAY\u{1}-9\u{2}TAGS\u{1}",
    "UNIQ_KEY\u{1}k\u{2}KEYS\u{1} a  b \u{2}",
    "\u{65e5}\u{672c}",
    "SQL92",
    "UPPER",
];

#[test]
fn no_mixture_of_fields_brings_the_broker_down() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    client.send_ok(&to_topic(TOPIC), b"b");
    let mut dice = 0x9E37_79B9_7F4A_7C15_u64;
    let mut roll = |bound: usize| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        usize::try_from(dice % u64::try_from(bound).unwrap()).unwrap()
    };
    for round in 0..3_000 {
        let (code, _) = RequestCode::ALL[roll(RequestCode::ALL.len())];
        let code = match roll(4) {
            0 => code,
            1 => RequestCode::SEND_MESSAGE,
            2 => RequestCode::SEND_MESSAGE_V2,
            _ => [
                RequestCode::PULL_MESSAGE,
                RequestCode::CONSUMER_SEND_MSG_BACK,
                RequestCode::QUERY_MESSAGE,
                RequestCode::UPDATE_CONSUMER_OFFSET,
                RequestCode::SEND_REPLY_MESSAGE_V2,
            ][roll(5)],
        };
        // Some requests are wrong all over, others in a field or two.
        let (mut wild, odds) = match roll(3) {
            0 => (send(&to_topic(TOPIC), b"b"), 40),
            1 => (pull(&everything(TOPIC)), 40),
            _ => (RemotingCommand::bare_request(code), 1),
        };
        for name in NAMES {
            if roll(odds) == 0 {
                wild.ext.push(*name, VALUES[roll(VALUES.len())]);
            }
        }
        if roll(4) == 0 {
            wild.body = [&b""[..], b"b", b"{}", b"[]", b"\0\0\0\x16"][roll(5)].into();
        }
        client.post(wild);
        if round % 50 == 49 {
            let probe = client.post(request(
                RequestCode::GET_MAX_OFFSET,
                &[("topic", TOPIC), ("queueId", "0")],
            ));
            // Pulls may be held, so that not every request has its answer by now.
            while client.receive().opaque != probe {}
        }
    }
}
