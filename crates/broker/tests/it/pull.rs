//! Pulls: statuses, fields, filters, limits.

use ferromq_base::{QueueId, QueueOffset};
use ferromq_wire::code::{RequestCode, ResponseCode};
use ferromq_wire::request::{PullRequest, SendRequest, pull_flag};

use crate::support::{
    GROUP, Pulled, TOPIC, TestBroker, everything, heartbeat, properties, pull, request, to_topic,
};

fn status(pulled: &Pulled) -> (ResponseCode, &str, i64, i64, i64) {
    let header = pulled.header();
    (
        pulled.code,
        pulled.reply.remark.as_deref().unwrap(),
        header.next_begin_offset,
        header.min_offset,
        header.max_offset,
    )
}

#[test]
fn every_place_in_a_queue_has_its_answer() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    client.send_ok(&to_topic(TOPIC), b"0");
    client.send_ok(&to_topic(TOPIC), b"1");
    client.send_ok(&to_topic(TOPIC), b"2");
    let mut at = |queue_id, queue_offset| {
        client.pull(&PullRequest {
            queue_id,
            queue_offset,
            ..everything(TOPIC)
        })
    };
    let found = at(0, 1);
    assert_eq!(status(&found), (ResponseCode::SUCCESS, "FOUND", 3, 0, 3));
    assert_eq!(found.bodies(), ["1", "2"]);
    assert_eq!(found.header().suggest_which_broker_id, 0);
    let end = (ResponseCode::PULL_NOT_FOUND, "OFFSET_OVERFLOW_ONE", 3, 0, 3);
    assert_eq!(status(&at(0, 3)), end);
    let beyond = (
        ResponseCode::PULL_OFFSET_MOVED,
        "OFFSET_OVERFLOW_BADLY",
        3,
        0,
        3,
    );
    assert_eq!(status(&at(0, 4)), beyond);
    let below = (ResponseCode::PULL_OFFSET_MOVED, "OFFSET_TOO_SMALL", 0, 0, 3);
    assert_eq!(status(&at(0, -1)), below);
    let empty = at(1, 0);
    assert_eq!(empty.code, ResponseCode::PULL_NOT_FOUND);
    assert_eq!(empty.header().next_begin_offset, 0);
    let empty = at(1, 5);
    assert_eq!(empty.code, ResponseCode::PULL_OFFSET_MOVED);
    assert_eq!(empty.header().next_begin_offset, 0);
}

#[test]
fn replies_are_well_formed_whatever_the_digits() {
    // The header is written before the read and corrected after it: lengths of numbers must not matter.
    let broker = TestBroker::start();
    let mut client = broker.client();
    for i in 0..120 {
        client.send_ok(&to_topic(TOPIC), format!("{i}").as_bytes());
    }
    for (queue_offset, max_msg_nums) in [
        (0, 1),
        (0, 32),
        (8, 1),
        (9, 1),
        (9, 3),
        (98, 1),
        (98, 2),
        (90, 32),
    ] {
        let pulled = client.pull(&PullRequest {
            queue_offset,
            max_msg_nums,
            ..everything(TOPIC)
        });
        let count = i64::from(max_msg_nums).min(120 - queue_offset);
        let wanted: Vec<String> = (queue_offset..queue_offset + count)
            .map(|i| i.to_string())
            .collect();
        assert_eq!(pulled.bodies(), wanted);
        assert_eq!(pulled.header().next_begin_offset, queue_offset + count);
        assert_eq!(pulled.header().max_offset, 120);
    }
}

#[test]
fn only_wanted_tags_are_delivered_and_the_rest_is_passed_over() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    for tag in ["A", "B", "C", "B"] {
        let text = properties(&[("TAGS", tag)]);
        let message = SendRequest {
            properties: &text,
            ..to_topic(TOPIC)
        };
        client.send_ok(&message, tag.as_bytes());
    }
    let mut with = |subscription, queue_offset| {
        client.pull(&PullRequest {
            subscription: Some(subscription),
            queue_offset,
            ..everything(TOPIC)
        })
    };
    let some = with("B || C", 0);
    assert_eq!(some.bodies(), ["B", "C", "B"]);
    let none = with("D", 1);
    assert_eq!(
        status(&none),
        (
            ResponseCode::PULL_RETRY_IMMEDIATELY,
            "NO_MATCHED_MESSAGE",
            4,
            0,
            4
        )
    );
    assert!(none.reply.body.is_empty());
    assert_eq!(with("||", 0).code, ResponseCode::SUBSCRIPTION_PARSE_FAILED);
}

#[test]
fn a_reply_holds_at_most_32_messages_and_at_least_one() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    for _ in 0..40 {
        client.send_ok(&to_topic(TOPIC), b"small");
    }
    client.send_ok(&to_topic(TOPIC), &vec![b'L'; 3 << 20]);
    let many = PullRequest {
        max_msg_nums: 1_000,
        ..everything(TOPIC)
    };
    assert_eq!(client.pull(&many).messages().len(), 32);
    let none = PullRequest {
        max_msg_nums: 0,
        ..everything(TOPIC)
    };
    assert_eq!(client.pull(&none).messages().len(), 1);
    let large = PullRequest {
        queue_offset: 40,
        ..everything(TOPIC)
    };
    assert_eq!(client.pull(&large).messages()[0].body.len(), 3 << 20);
}

#[test]
fn what_cannot_be_pulled_is_refused_with_the_reason() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    client.send_ok(&to_topic(TOPIC), b"b");
    let unknown_topic = everything("unknown");
    let bad_queue = PullRequest {
        queue_id: 4,
        ..everything(TOPIC)
    };
    let no_queue = PullRequest {
        queue_id: -1,
        ..everything(TOPIC)
    };
    let bad_group = PullRequest {
        consumer_group: "a.b",
        ..everything(TOPIC)
    };
    let not_online = PullRequest {
        sys_flag: 0,
        ..everything(TOPIC)
    };
    let sql = PullRequest {
        subscription: Some("a > 1"),
        expression_type: Some("SQL92"),
        ..everything(TOPIC)
    };
    for (pull, code) in [
        (unknown_topic, ResponseCode::TOPIC_NOT_EXIST),
        (bad_queue, ResponseCode::INVALID_PARAMETER),
        (no_queue, ResponseCode::INVALID_PARAMETER),
        (bad_group, ResponseCode::SUBSCRIPTION_GROUP_NOT_EXIST),
        (not_online, ResponseCode::SUBSCRIPTION_NOT_EXIST),
        (sql, ResponseCode::SYSTEM_ERROR),
    ] {
        let refused = client.pull(&pull);
        assert_eq!(refused.code, code, "{pull:?}");
        assert_eq!(refused.reply.ext.get("forbiddenType"), None);
    }
    let member_topic = "rmq_sys_SYNC_BROKER_MEMBER_";
    let broker_name = &broker.broker().parts().config.load().broker_name.clone();
    let refused = client.pull(&everything(&format!("{member_topic}{broker_name}")));
    assert_eq!(refused.code, ResponseCode::NO_PERMISSION);
    assert_eq!(refused.reply.ext.get("forbiddenType"), Some("3"));
}

#[test]
fn a_broker_or_group_that_must_not_be_read_says_so() {
    let broker = TestBroker::start_with(|config, _| config.broker_permission = 2);
    let mut client = broker.client();
    client.send_ok(&to_topic(TOPIC), b"b");
    let refused = client.pull(&everything(TOPIC));
    assert_eq!(refused.code, ResponseCode::NO_PERMISSION);
    assert_eq!(refused.reply.ext.get("forbiddenType"), Some("1"));

    let broker = TestBroker::start();
    let mut client = broker.client();
    client.send_ok(&to_topic(TOPIC), b"b");
    let groups = &broker.broker().parts().groups;
    let mut group = (*groups.find_or_create(GROUP).unwrap()).clone();
    group.consume_enable = false;
    groups.put(group);
    let refused = client.pull(&everything(TOPIC));
    assert_eq!(refused.code, ResponseCode::NO_PERMISSION);
    assert_eq!(refused.reply.ext.get("forbiddenType"), Some("2"));
}

#[test]
fn members_are_served_by_the_subscription_of_their_heartbeat() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    for tag in ["A", "B"] {
        let text = properties(&[("TAGS", tag)]);
        let message = SendRequest {
            properties: &text,
            ..to_topic(TOPIC)
        };
        client.send_ok(&message, tag.as_bytes());
    }
    client.send_ok(&to_topic("other"), b"x");
    let beat = client.call(heartbeat("CLUSTERING", "B", 7));
    assert_eq!(beat.response_code(), ResponseCode::SUCCESS, "{beat:?}");
    let mut with = |topic, sub_version| {
        client.pull(&PullRequest {
            sys_flag: 0,
            sub_version,
            ..everything(topic)
        })
    };
    assert_eq!(with(TOPIC, 7).bodies(), ["B"]);
    assert_eq!(with(TOPIC, 6).bodies(), ["B"]);
    assert_eq!(with(TOPIC, 8).code, ResponseCode::SUBSCRIPTION_NOT_LATEST);
    assert_eq!(with("other", 7).code, ResponseCode::SUBSCRIPTION_NOT_EXIST);
}

#[test]
fn a_group_that_must_not_broadcast_is_refused() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    client.send_ok(&to_topic(TOPIC), b"b");
    let groups = &broker.broker().parts().groups;
    let mut group = (*groups.find_or_create(GROUP).unwrap()).clone();
    group.consume_broadcast_enable = false;
    groups.put(group);
    client.call(heartbeat("BROADCASTING", "*", 7));
    let refused = client.pull(&PullRequest {
        sys_flag: 0,
        ..everything(TOPIC)
    });
    assert_eq!(refused.code, ResponseCode::NO_PERMISSION);
    assert_eq!(refused.reply.ext.get("forbiddenType"), Some("4"));
}

#[test]
fn a_pull_commits_by_the_way_whatever_it_finds() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    client.send_ok(&to_topic(TOPIC), b"b");
    client.pull(&PullRequest {
        queue_offset: 77,
        commit_offset: 1,
        sys_flag: pull_flag::SUBSCRIPTION | pull_flag::COMMIT_OFFSET,
        ..everything(TOPIC)
    });
    client.pull(&PullRequest {
        commit_offset: 9,
        ..everything(TOPIC)
    });
    let committed = broker
        .broker()
        .parts()
        .offsets
        .committed(GROUP, TOPIC, QueueId(0));
    assert_eq!(committed, Some(QueueOffset(1)));
}

#[test]
fn fields_that_are_missing_or_wrong_are_named() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    let reply = client.call(request(RequestCode::PULL_MESSAGE, &[("topic", "T")]));
    assert_eq!(reply.response_code(), ResponseCode::SYSTEM_ERROR);
    assert_eq!(
        reply.remark.unwrap(),
        "the request field consumerGroup is missing"
    );
    let mut wrong = pull(&everything(TOPIC));
    wrong.ext.push("queueOffset", "one");
    let reply = client.call(wrong);
    assert_eq!(reply.response_code(), ResponseCode::SYSTEM_ERROR);
    assert!(reply.remark.unwrap().contains("queueOffset"));
}
