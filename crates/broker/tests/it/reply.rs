//! Request and reply: what a consumer answers is pushed to the producer that asked.

use ferromq_wire::code::{RequestCode, ResponseCode};
use ferromq_wire::command::RemotingCommand;
use ferromq_wire::request::{PushReplyMessageRequest, SendRequest};

use crate::support::{Client, TestBroker, everything, properties, to_topic};

const REPLIES: &str = "DefaultCluster_REPLY_TOPIC";

fn asking_producer(broker: &TestBroker) -> Client {
    let mut producer = broker.client();
    let body = "{\"clientID\":\"asker\",\"producerDataSet\":[{\"groupName\":\"PG\"}],\"consumerDataSet\":[]}";
    let beat = RemotingCommand::bare_request(RequestCode::HEART_BEAT).with_body(body);
    assert_eq!(producer.call(beat).response_code(), ResponseCode::SUCCESS);
    producer
}

fn reply(to: &[(&str, &str)]) -> RemotingCommand {
    let text = properties(to);
    let request = SendRequest {
        properties: &text,
        ..to_topic(REPLIES)
    };
    RemotingCommand::request(RequestCode::SEND_REPLY_MESSAGE_V2, &request).with_body("answer")
}

#[test]
fn a_reply_is_pushed_stored_and_its_end_told() {
    let broker = TestBroker::start();
    let mut producer = asking_producer(&broker);
    let mut consumer = broker.client();
    for (verdict, told) in [
        (ResponseCode::SUCCESS, ResponseCode::SUCCESS),
        (ResponseCode::SYSTEM_ERROR, ResponseCode::SYSTEM_ERROR),
    ] {
        let to = [("REPLY_TO_CLIENT", "asker"), ("CORRELATION_ID", "c1")];
        let opaque = consumer.post(reply(&to));
        let push = producer.receive();
        assert_eq!(
            push.request_code(),
            RequestCode::PUSH_REPLY_MESSAGE_TO_CLIENT
        );
        assert_eq!(&push.body[..], b"answer");
        let header: PushReplyMessageRequest = push.header().unwrap();
        assert_eq!(header.topic, REPLIES);
        let text = header.properties.unwrap();
        assert!(
            text.contains("CORRELATION_ID\u{1}c1\u{2}") && text.contains("PUSH_REPLY_TIME\u{1}")
        );
        producer.answer(&RemotingCommand::response(push.opaque, verdict, None));
        let end = consumer.receive();
        assert_eq!(end.opaque, opaque);
        assert_eq!(end.response_code(), told);
        assert_eq!(end.ext.get("TRACE_ON"), Some("true"));
        if told == ResponseCode::SUCCESS {
            assert_eq!(end.ext.get("queueId"), Some("0"));
            assert_eq!(end.ext.get("msgId"), Some("0"));
        } else {
            assert_eq!(
                end.remark.as_deref(),
                Some("push reply message to askerfail.")
            );
        }
    }
    assert_eq!(
        consumer.pull(&everything(REPLIES)).bodies(),
        ["answer", "answer"]
    );
}

#[test]
fn a_reply_to_nobody_is_refused() {
    let broker = TestBroker::start();
    let mut consumer = broker.client();
    let refused = consumer.call(reply(&[("REPLY_TO_CLIENT", "gone")]));
    assert_eq!(refused.response_code(), ResponseCode::SYSTEM_ERROR);
    let remark = "push reply message fail, channel of gone not found.";
    assert_eq!(refused.remark.as_deref(), Some(remark));
    let refused = consumer.call(reply(&[]));
    let remark = "reply message properties[REPLY_TO_CLIENT] is null";
    assert_eq!(refused.remark.as_deref(), Some(remark));
    assert_eq!(
        consumer.pull(&everything(REPLIES)).code,
        ResponseCode::PULL_NOT_FOUND
    );
}
