//! Questions about queues and single messages.

use ferromq_wire::code::{RequestCode, ResponseCode};
use ferromq_wire::message::RecordRef;
use ferromq_wire::request::SendRequest;

use crate::support::{
    Client, Message, TOPIC, TestBroker, everything, properties, request, to_topic,
};

fn number(
    client: &mut Client,
    code: RequestCode,
    more: &[(&'static str, &str)],
    field: &str,
) -> i64 {
    let fields: Vec<_> = [("topic", TOPIC), ("queueId", "0")]
        .into_iter()
        .chain(more.iter().copied())
        .collect();
    let reply = client.call(request(code, &fields));
    assert_eq!(reply.response_code(), ResponseCode::SUCCESS, "{reply:?}");
    reply.ext.get(field).unwrap().parse().unwrap()
}

#[test]
fn the_ends_of_a_queue_are_told() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    let other = SendRequest {
        queue_id: 1,
        ..to_topic(TOPIC)
    };
    client.send_ok(&other, b"b");
    assert_eq!(
        number(&mut client, RequestCode::GET_MAX_OFFSET, &[], "offset"),
        0
    );
    assert_eq!(
        number(&mut client, RequestCode::GET_MIN_OFFSET, &[], "offset"),
        0
    );
    let earliest = RequestCode::GET_EARLIEST_MSG_STORETIME;
    assert_eq!(number(&mut client, earliest, &[], "timestamp"), -1);
    client.send_ok(&to_topic(TOPIC), b"b");
    client.send_ok(&to_topic(TOPIC), b"b");
    assert_eq!(
        number(&mut client, RequestCode::GET_MAX_OFFSET, &[], "offset"),
        2
    );
    assert_eq!(
        number(&mut client, RequestCode::GET_MIN_OFFSET, &[], "offset"),
        0
    );
    let time = number(&mut client, earliest, &[], "timestamp");
    assert!(1_700_000_000_000 < time);
}

#[test]
fn a_time_leads_to_a_place() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    for _ in 0..3 {
        client.send_ok(&to_topic(TOPIC), b"b");
    }
    let search = RequestCode::SEARCH_OFFSET_BY_TIMESTAMP;
    let future = "99999999999999";
    let mut at = |time: &str, boundary: &str| {
        let fields = [("timestamp", time), ("boundaryType", boundary)];
        number(&mut client, search, &fields, "offset")
    };
    assert_eq!(at("0", "LOWER"), 0);
    assert_eq!(at("0", "upper"), 0);
    assert_eq!(at(future, "LOWER"), 3);
    assert_eq!(at(future, "UPPER"), 2);
}

#[test]
fn questions_about_what_is_not_there_are_refused() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    client.send_ok(&to_topic(TOPIC), b"b");
    let ask = |topic, queue| {
        request(
            RequestCode::GET_MAX_OFFSET,
            &[("topic", topic), ("queueId", queue)],
        )
    };
    let reply = client.call(ask("unknown", "0"));
    assert_eq!(reply.response_code(), ResponseCode::TOPIC_NOT_EXIST);
    for queue in ["8", "-1"] {
        let reply = client.call(ask(TOPIC, queue));
        assert_eq!(reply.response_code(), ResponseCode::INVALID_PARAMETER);
    }
}

#[test]
fn a_message_is_found_by_its_place() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    client.send_ok(&to_topic(TOPIC), b"0");
    client.send_ok(&to_topic(TOPIC), b"1");
    let second = client.pull(&everything(TOPIC)).messages().remove(1);
    let offset = second.log_offset.to_string();
    let reply = client.call(request(
        RequestCode::VIEW_MESSAGE_BY_ID,
        &[("offset", &offset)],
    ));
    let record = RecordRef::parse(&reply.body).unwrap();
    assert_eq!(Message::of(&record).body, b"1");
    for offset in ["3", "-1", "999999999"] {
        let reply = client.call(request(
            RequestCode::VIEW_MESSAGE_BY_ID,
            &[("offset", offset)],
        ));
        assert_eq!(reply.response_code(), ResponseCode::SYSTEM_ERROR);
        let remark = format!("can not find message by the offset, {offset}");
        assert_eq!(reply.remark.unwrap(), remark);
    }
}

#[test]
fn messages_are_found_by_key_and_by_unique_key() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    for (keys, unique) in [("Aa x", "U1"), ("BB", "U2"), ("Aa", "U3")] {
        let text = properties(&[("KEYS", keys), ("UNIQ_KEY", unique)]);
        let message = SendRequest {
            properties: &text,
            ..to_topic(TOPIC)
        };
        client.send_ok(&message, unique.as_bytes());
    }
    let mut find = |key: &str, unique: &str| {
        let reply = client.call(request(
            RequestCode::QUERY_MESSAGE,
            &[
                ("topic", TOPIC),
                ("key", key),
                ("maxNum", "10"),
                ("beginTimestamp", "0"),
                ("endTimestamp", "9223372036854775807"),
                ("_UNIQUE_KEY_QUERY", unique),
            ],
        ));
        let mut rest = &reply.body[..];
        let mut bodies = Vec::new();
        while !rest.is_empty() {
            let record = RecordRef::parse(rest).unwrap();
            bodies.push(String::from_utf8(record.body().to_vec()).unwrap());
            rest = &rest[record.size()..];
        }
        (reply.response_code(), bodies)
    };
    // Aa and BB have the same hash.
    assert_eq!(find("Aa", "false").1, ["U1", "U3"]);
    assert_eq!(find("x", "false").1, ["U1"]);
    assert_eq!(find("U2", "true").1, ["U2"]);
    assert_eq!(find("nothing", "false").0, ResponseCode::QUERY_NOT_FOUND);
}

#[test]
fn subscriptions_by_tag_are_understood_and_others_are_not() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    let mut check = |kind: &str| {
        let body = format!(
            "{{\"clientId\":\"c\",\"group\":\"G\",\"subscriptionData\":{{\"topic\":\"T\",\"subString\":\"*\",\"expressionType\":\"{kind}\"}}}}"
        );
        let check = request(RequestCode::CHECK_CLIENT_CONFIG, &[]);
        client.call(check.with_body(body))
    };
    assert_eq!(check("TAG").response_code(), ResponseCode::SUCCESS);
    let refused = check("SQL92");
    assert_eq!(refused.response_code(), ResponseCode::SYSTEM_ERROR);
    assert_eq!(
        refused.remark.unwrap(),
        "The broker does not support consumer to filter message by SQL92"
    );
}
