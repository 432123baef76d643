//! What no client should send.

use ferromq_wire::code::{RequestCode, ResponseCode};
use ferromq_wire::command::RemotingCommand;

use crate::support::{TOPIC, TestBroker, everything, request, send, to_topic};

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
