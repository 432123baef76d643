//! Sends: what is stored, what is answered, what is refused.

use ferromq_wire::code::{RequestCode, ResponseCode};
use ferromq_wire::command::RemotingCommand;
use ferromq_wire::message::id::OffsetMsgId;
use ferromq_wire::request::{PullRequest, SendRequest};

use crate::support::{TOPIC, TestBroker, everything, properties, request, send, to_topic};

#[test]
fn both_forms_are_stored_where_the_reply_says() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    let text = properties(&[("TAGS", "A"), ("UNIQ_KEY", "0A0B"), ("mine", "x y")]);
    let first = client.call(send(
        &SendRequest {
            properties: &text,
            queue_id: 2,
            flag: 7,
            ..to_topic(TOPIC)
        },
        b"one",
    ));
    let mut v1 = RemotingCommand::bare_request(RequestCode::SEND_MESSAGE).with_body("two");
    let second = SendRequest {
        queue_id: 2,
        ..to_topic(TOPIC)
    };
    second.push_fields(RequestCode::SEND_MESSAGE, &mut v1.ext);
    let second = client.call(v1);
    assert_eq!(first.response_code(), ResponseCode::SUCCESS, "{first:?}");
    assert_eq!(first.ext.get("transactionId"), Some("0A0B"));
    for (reply, offset) in [(&first, "0"), (&second, "1")] {
        assert_eq!(reply.ext.get("queueId"), Some("2"));
        assert_eq!(reply.ext.get("queueOffset"), Some(offset));
        assert_eq!(reply.ext.get("MSG_REGION"), Some("DefaultRegion"));
        assert_eq!(reply.ext.get("TRACE_ON"), Some("true"));
    }
    let pulled = client.pull(&PullRequest {
        queue_id: 2,
        ..everything(TOPIC)
    });
    let messages = pulled.messages();
    assert_eq!(pulled.bodies(), ["one", "two"]);
    for (message, reply) in messages.iter().zip([&first, &second]) {
        let id = OffsetMsgId::parse(reply.ext.get("msgId").unwrap()).unwrap();
        assert_eq!(id.offset.0, message.log_offset);
        assert_eq!(id.host, broker.address());
        assert_eq!(message.property("MSG_REGION"), Some("DefaultRegion"));
        assert_eq!(message.property("TRACE_ON"), Some("true"));
        assert_eq!(message.property("CLUSTER"), Some("DefaultCluster"));
        assert_eq!(message.property("UNIQ_KEY"), reply.ext.get("transactionId"));
    }
    assert_eq!(messages[0].property("mine"), Some("x y"));
    assert_eq!(
        second.ext.get("transactionId").unwrap().len(),
        32,
        "made by the broker"
    );
}

#[test]
fn what_the_producer_may_not_set_is_replaced() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    let text = properties(&[
        ("POP_CK", "x"),
        ("CLUSTER", "other"),
        ("a", "1"),
        ("MSG_REGION", "moon"),
    ]);
    let message = SendRequest {
        properties: &text,
        ..to_topic(TOPIC)
    };
    client.send_ok(&message, b"b");
    let message = client.pull(&everything(TOPIC)).messages().remove(0);
    assert_eq!(message.property("POP_CK"), None);
    assert_eq!(message.property("a"), Some("1"));
    let clusters = message
        .properties
        .iter()
        .filter(|(key, _)| key == "CLUSTER");
    assert_eq!(clusters.count(), 1);
    assert_eq!(message.property("MSG_REGION"), Some("DefaultRegion"));
}

#[test]
fn bodies_up_to_the_limit_are_taken() {
    let broker = TestBroker::start_with(|config, _| config.max_message_size = 1_000);
    let mut client = broker.client();
    for size in [1, 999, 1_000] {
        client.send_ok(&to_topic(TOPIC), &vec![b'x'; size]);
    }
    let refused = client.call(send(&to_topic(TOPIC), &[b'x'; 1_001]));
    assert_eq!(refused.response_code(), ResponseCode::MESSAGE_ILLEGAL);
    assert!(
        refused
            .remark
            .unwrap()
            .starts_with("the message is illegal, maybe msg body")
    );
    assert_eq!(refused.ext.get("MSG_REGION"), Some("DefaultRegion"));
    let refused = client.call(send(&to_topic(TOPIC), b""));
    assert_eq!(refused.response_code(), ResponseCode::SYSTEM_ERROR);
    assert_eq!(client.pull(&everything(TOPIC)).messages().len(), 3);
}

#[test]
fn properties_beyond_the_limit_are_refused() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    let text = properties(&[("k", &"v".repeat(32_600))]);
    let fits = SendRequest {
        properties: &text,
        ..to_topic(TOPIC)
    };
    client.send_ok(&fits, b"b");
    let text = properties(&[("k", &"v".repeat(32_765))]);
    let refused = client.call(send(
        &SendRequest {
            properties: &text,
            ..to_topic(TOPIC)
        },
        b"b",
    ));
    assert_eq!(refused.response_code(), ResponseCode::MESSAGE_ILLEGAL);
}

#[test]
fn topics_and_queues_are_checked() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    let long = "t".repeat(128);
    let no_template = SendRequest {
        default_topic: "nothing",
        ..to_topic("unknown")
    };
    let bad_queue = SendRequest {
        queue_id: 4,
        ..to_topic(TOPIC)
    };
    for (message, code) in [
        (to_topic(" "), ResponseCode::INVALID_PARAMETER),
        (to_topic("a.b"), ResponseCode::INVALID_PARAMETER),
        (to_topic("../x"), ResponseCode::INVALID_PARAMETER),
        (to_topic(&long), ResponseCode::INVALID_PARAMETER),
        (to_topic("SCHEDULE_TOPIC_XXXX"), ResponseCode::NO_PERMISSION),
        (
            to_topic("RMQ_SYS_TRANS_HALF_TOPIC"),
            ResponseCode::NO_PERMISSION,
        ),
        (no_template, ResponseCode::TOPIC_NOT_EXIST),
        (bad_queue, ResponseCode::INVALID_PARAMETER),
    ] {
        let reply = client.call(send(&message, b"b"));
        assert_eq!(reply.response_code(), code, "{message:?} {reply:?}");
        assert_eq!(reply.ext.get("TRACE_ON"), Some("true"));
    }
    assert_eq!(
        client.call(send(&to_topic("a.b"), b"b")).remark.unwrap(),
        "The specified topic: a.b, contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$"
    );
    client.send_ok(&to_topic(&"t".repeat(127)), b"b");
}

#[test]
fn without_a_queue_the_broker_picks_one() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    let any = SendRequest {
        queue_id: -1,
        ..to_topic(TOPIC)
    };
    let mut seen = [0; 4];
    for _ in 0..100 {
        let reply = client.call(send(&any, b"b"));
        let queue: usize = reply.ext.get("queueId").unwrap().parse().unwrap();
        seen[queue] += 1;
    }
    assert!(seen.iter().all(|count| 0 < *count), "{seen:?}");
}

#[test]
fn one_way_messages_are_stored_and_never_answered() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    client.post(send(&to_topic(TOPIC), b"quiet").oneway());
    client.post(send(&to_topic("a.b"), b"refused").oneway());
    client.post(RemotingCommand::bare_request(RequestCode(9_999)).oneway());
    client.send_ok(&to_topic(TOPIC), b"loud");
    assert_eq!(client.pull(&everything(TOPIC)).bodies(), ["quiet", "loud"]);
}

#[test]
fn many_requests_in_one_write_are_all_answered_in_order_of_the_queue() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    let numbers: Vec<i32> = (0..500)
        .map(|i| client.post(send(&to_topic(TOPIC), format!("{i}").as_bytes())))
        .collect();
    for (i, opaque) in numbers.into_iter().enumerate() {
        let reply = client.receive();
        assert_eq!(reply.opaque, opaque);
        assert_eq!(reply.ext.get("queueOffset"), Some(i.to_string().as_str()));
    }
    let mut from = 0;
    while from < 500 {
        let pulled = client.pull(&PullRequest {
            queue_offset: from,
            ..everything(TOPIC)
        });
        for (message, body) in pulled.messages().iter().zip(pulled.bodies()) {
            assert_eq!(body, message.queue_offset.to_string());
        }
        from = pulled.header().next_begin_offset;
    }
}

#[test]
fn kinds_that_are_not_built_are_refused_and_not_stored() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    client.send_ok(&to_topic(TOPIC), b"ordinary");
    for (entry, code) in [
        (
            ("TRAN_MSG", "true"),
            ResponseCode::REQUEST_CODE_NOT_SUPPORTED,
        ),
        (
            ("TIMER_DELAY_MS", "5"),
            ResponseCode::REQUEST_CODE_NOT_SUPPORTED,
        ),
        (
            ("TIMER_DELIVER_MS", "5"),
            ResponseCode::REQUEST_CODE_NOT_SUPPORTED,
        ),
        (("INNER_NUM", "5"), ResponseCode::MESSAGE_ILLEGAL),
        (("DELAY", "soon"), ResponseCode::MESSAGE_ILLEGAL),
    ] {
        let text = properties(&[entry]);
        let reply = client.call(send(
            &SendRequest {
                properties: &text,
                ..to_topic(TOPIC)
            },
            b"b",
        ));
        assert_eq!(reply.response_code(), code, "{entry:?}");
    }
    let half = SendRequest {
        sys_flag: 4,
        ..to_topic(TOPIC)
    };
    let reply = client.call(send(&half, b"b"));
    assert!(reply.remark.unwrap().contains("transactional"));
    assert_eq!(client.pull(&everything(TOPIC)).bodies(), ["ordinary"]);
}

#[test]
fn a_retry_sent_too_often_becomes_a_dead_letter() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    let delayed = properties(&[("DELAY", "5")]);
    let retry = |reconsume_times| SendRequest {
        reconsume_times,
        max_reconsume_times: Some(3),
        ..to_topic("%RETRY%G")
    };
    client.send_ok(&retry(3), b"again");
    let dead = SendRequest {
        properties: &delayed,
        ..retry(4)
    };
    client.send_ok(&dead, b"dead");
    assert_eq!(client.pull(&everything("%RETRY%G")).bodies(), ["again"]);
    let letters = client.pull(&everything("%DLQ%G"));
    assert_eq!(letters.bodies(), ["dead"]);
    assert_eq!(letters.messages()[0].property("DELAY"), None);
}

#[test]
fn an_orderly_group_sends_to_its_retry_topic_only_what_it_gave_up() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    client.send_ok(&to_topic("%RETRY%G"), b"again");
    let lock = RemotingCommand::bare_request(RequestCode::LOCK_BATCH_MQ).with_body(
        r#"{"clientId":"c1","consumerGroup":"G","mqSet":[{"brokerName":"b","queueId":0,"topic":"T"}]}"#,
    );
    assert_eq!(client.call(lock).response_code(), ResponseCode::SUCCESS);
    client.send_ok(&to_topic("%RETRY%G"), b"given up");
    assert_eq!(client.pull(&everything("%RETRY%G")).bodies(), ["again"]);
    assert_eq!(client.pull(&everything("%DLQ%G")).bodies(), ["given up"]);
}

#[test]
fn a_broker_that_must_not_be_written_refuses_only_what_it_must() {
    let broker = TestBroker::start_with(|config, _| config.broker_permission = 4);
    let mut client = broker.client();
    client.send_ok(&to_topic(TOPIC), b"b");
    let reply = client.call(request(
        RequestCode::CONSUMER_SEND_MSG_BACK,
        &[("offset", "0"), ("group", "G"), ("delayLevel", "0")],
    ));
    assert_eq!(reply.response_code(), ResponseCode::NO_PERMISSION);
}
