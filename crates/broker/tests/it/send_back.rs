//! Messages sent back by consumers: retries with a delay, and dead letters.

use std::time::{Duration, Instant};

use ferromq_config::{BrokerConfig, DelayLevels};
use ferromq_storage::StoreConfig;
use ferromq_wire::code::{RequestCode, ResponseCode};
use ferromq_wire::command::RemotingCommand;
use ferromq_wire::message::id::OffsetMsgId;
use ferromq_wire::request::{ConsumerSendMsgBackRequest, SendRequest};

use crate::support::{GROUP, TOPIC, TestBroker, everything, properties, to_topic};

const RETRY: &str = "%RETRY%G";
const DEAD: &str = "%DLQ%G";

/// Retries begin at level 3, which is clamped to the last: one second.
fn short_levels(config: &mut BrokerConfig, _: &mut StoreConfig) {
    config.message_delay_level = DelayLevels::parse("1s").unwrap();
}

fn back(offset: u64, delay_level: i32, max: Option<i32>) -> RemotingCommand {
    let header = ConsumerSendMsgBackRequest {
        offset: i64::try_from(offset).unwrap(),
        group: GROUP.to_owned(),
        delay_level,
        origin_msg_id: None,
        origin_topic: None,
        unit_mode: false,
        max_reconsume_times: max,
    };
    RemotingCommand::request(RequestCode::CONSUMER_SEND_MSG_BACK, &header)
}

#[test]
fn a_message_comes_again_later_until_it_is_a_dead_letter() {
    let broker = TestBroker::start_with(short_levels);
    let mut client = broker.client();
    let text = properties(&[("TAGS", "A"), ("KEYS", "k"), ("UNIQ_KEY", "U1")]);
    let message = SendRequest {
        properties: &text,
        flag: 9,
        ..to_topic(TOPIC)
    };
    client.send_ok(&message, b"body");
    let first = client.pull(&everything(TOPIC)).messages().remove(0);
    let origin = OffsetMsgId {
        host: broker.address(),
        offset: ferromq_base::LogOffset(first.log_offset),
    };

    let begin = Instant::now();
    let reply = client.call(back(first.log_offset, 0, Some(1)));
    assert_eq!(reply.response_code(), ResponseCode::SUCCESS, "{reply:?}");
    let again = client.pull_one(RETRY, 0).messages().remove(0);
    assert!(Duration::from_secs(1) <= begin.elapsed());
    assert_eq!(again.body, b"body");
    assert_eq!(again.topic, RETRY);
    assert_eq!(again.reconsume_times, 1);
    assert_eq!(again.property("RETRY_TOPIC"), Some(TOPIC));
    assert_eq!(
        again.property("ORIGIN_MESSAGE_ID"),
        Some(origin.to_string().as_str())
    );
    for (name, value) in [("TAGS", "A"), ("KEYS", "k"), ("UNIQ_KEY", "U1")] {
        assert_eq!(again.property(name), Some(value));
    }
    assert!(again.property("DELAY").is_some());

    let reply = client.call(back(again.log_offset, 0, Some(1)));
    assert_eq!(reply.response_code(), ResponseCode::SUCCESS);
    let dead = client.pull(&everything(DEAD)).messages().remove(0);
    assert_eq!(dead.reconsume_times, 2);
    assert_eq!(dead.property("RETRY_TOPIC"), Some(TOPIC));
    assert_eq!(
        dead.property("ORIGIN_MESSAGE_ID"),
        Some(origin.to_string().as_str())
    );
}

#[test]
fn the_consumer_may_give_up_at_once() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    client.send_ok(&to_topic(TOPIC), b"body");
    let reply = client.call(back(0, -1, None));
    assert_eq!(reply.response_code(), ResponseCode::SUCCESS);
    assert_eq!(client.pull(&everything(DEAD)).bodies(), ["body"]);
    assert_eq!(
        client.pull(&everything(RETRY)).code,
        ResponseCode::PULL_NOT_FOUND
    );
}

#[test]
fn what_is_not_there_cannot_come_again() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    client.send_ok(&to_topic(TOPIC), b"body");
    for offset in [7_u64, 1 << 40] {
        let reply = client.call(back(offset, 0, None));
        assert_eq!(reply.response_code(), ResponseCode::SYSTEM_ERROR);
        assert_eq!(
            reply.remark.unwrap(),
            format!("look message by offset failed, {offset}")
        );
    }
}

#[test]
fn a_group_without_retry_queues_drops_what_fails() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    client.send_ok(&to_topic(TOPIC), b"body");
    let groups = &broker.broker().parts().groups;
    let mut group = (*groups.find_or_create(GROUP).unwrap()).clone();
    group.retry_queues = 0;
    groups.put(group);
    let reply = client.call(back(0, -1, None));
    assert_eq!(reply.response_code(), ResponseCode::SUCCESS);
    assert_eq!(
        client.pull(&everything(DEAD)).code,
        ResponseCode::TOPIC_NOT_EXIST
    );
}
