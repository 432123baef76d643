//! Batches: several messages in one request.

use ferromq_wire::code::{RequestCode, ResponseCode};
use ferromq_wire::command::RemotingCommand;
use ferromq_wire::message::batch::BatchItem;
use ferromq_wire::message::id::OffsetMsgId;
use ferromq_wire::request::SendRequest;

use crate::support::{TOPIC, TestBroker, everything, properties, to_topic};

fn body(items: &[(&str, &str)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (text, properties) in items {
        let item = BatchItem {
            flag: 3,
            body: text.as_bytes(),
            properties: properties.as_bytes(),
        };
        item.encode(&mut body).unwrap();
    }
    body
}

fn batch(topic: &str, body: Vec<u8>) -> RemotingCommand {
    let request = SendRequest {
        batch: true,
        ..to_topic(topic)
    };
    RemotingCommand::request(RequestCode::SEND_BATCH_MESSAGE, &request).with_body(body)
}

#[test]
fn every_message_gets_its_own_record_and_id() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    client.send_ok(&to_topic(TOPIC), b"before");
    let tagged = properties(&[("TAGS", "A"), ("UNIQ_KEY", "1")]);
    let other = properties(&[("UNIQ_KEY", "2"), ("CLUSTER", "x")]);
    let reply = client.call(batch(
        TOPIC,
        body(&[("a", &tagged), ("b", &other), ("c", "")]),
    ));
    assert_eq!(reply.response_code(), ResponseCode::SUCCESS, "{reply:?}");
    assert_eq!(reply.ext.get("queueOffset"), Some("1"));
    assert_eq!(reply.ext.get("transactionId"), None);
    let ids: Vec<u64> = reply
        .ext
        .get("msgId")
        .unwrap()
        .split(',')
        .map(|id| OffsetMsgId::parse(id).unwrap().offset.0)
        .collect();
    let pulled = client.pull(&everything(TOPIC));
    assert_eq!(pulled.bodies(), ["before", "a", "b", "c"]);
    let messages = pulled.messages();
    let places: Vec<u64> = messages[1..]
        .iter()
        .map(|message| message.log_offset)
        .collect();
    assert_eq!(ids, places);
    assert_eq!(messages[1].property("TAGS"), Some("A"));
    assert_eq!(messages[1].property("CLUSTER"), Some("DefaultCluster"));
    assert_eq!(messages[2].property("CLUSTER"), Some("DefaultCluster"));
    assert_eq!(messages[2].property("UNIQ_KEY"), Some("2"));
}

#[test]
fn a_batch_is_taken_whole_or_not_at_all() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    client.send_ok(&to_topic(TOPIC), b"before");
    let mut cut = body(&[("a", ""), ("b", "")]);
    cut.truncate(cut.len() - 1);
    let long = properties(&[("k", &"v".repeat(32_750))]);
    let delayed = properties(&[("DELAY", "1")]);
    let timed = properties(&[("TIMER_DELAY_MS", "1")]);
    for body in [
        cut,
        body(&[("a", ""), ("b", &long)]),
        body(&[("a", ""), ("b", &delayed)]),
        body(&[("a", ""), ("b", &timed)]),
    ] {
        let reply = client.call(batch(TOPIC, body));
        assert_eq!(
            reply.response_code(),
            ResponseCode::MESSAGE_ILLEGAL,
            "{reply:?}"
        );
    }
    client.send_ok(&to_topic(TOPIC), b"after");
    assert_eq!(
        client.pull(&everything(TOPIC)).bodies(),
        ["before", "after"]
    );
}

#[test]
fn batches_to_retry_topics_and_too_large_ones_are_refused() {
    let broker = TestBroker::start_with(|config, _| config.max_message_size = 100);
    let mut client = broker.client();
    let reply = client.call(batch("%RETRY%G", body(&[("a", "")])));
    assert_eq!(reply.response_code(), ResponseCode::MESSAGE_ILLEGAL);
    assert_eq!(
        reply.remark.unwrap(),
        "batch request does not support retry group %RETRY%G"
    );
    let item = "x".repeat(100 - 22);
    let fits = client.call(batch(TOPIC, body(&[(&item, "")])));
    assert_eq!(fits.response_code(), ResponseCode::SUCCESS);
    let item = "x".repeat(101 - 22);
    let reply = client.call(batch(TOPIC, body(&[(&item, "")])));
    assert_eq!(reply.response_code(), ResponseCode::MESSAGE_ILLEGAL);
    let reply = client.call(batch(TOPIC, Vec::new()));
    assert_eq!(reply.response_code(), ResponseCode::SYSTEM_ERROR);
}
