//! What operators ask of a broker.

use ferromq_base::{QueueId, QueueOffset};
use ferromq_wire::body::{
    self, ConsumeStats, KvTable, MessageQueue, SubscriptionGroupConfig, SubscriptionGroupTable,
    TopicConfig, TopicConfigAndMappings, TopicStatsTable,
};
use ferromq_wire::code::RequestCode;
use ferromq_wire::command::RemotingCommand;
use ferromq_wire::request::{
    CreateTopicRequest, DeleteSubscriptionGroupRequest, DeleteTopicRequest, GetConsumeStatsRequest,
    TopicRequest,
};

use crate::support::{Client, GROUP, TOPIC, TestBroker, everything, to_topic};

fn topic(name: &str) -> CreateTopicRequest {
    CreateTopicRequest {
        topic: name.to_owned(),
        default_topic: "TBW102".to_owned(),
        read_queue_nums: 8,
        write_queue_nums: 8,
        perm: 6,
        topic_filter_type: Some("SINGLE_TAG".to_owned()),
        topic_sys_flag: 0,
        order: false,
        attributes: None,
    }
}

fn put(client: &mut Client, request: &CreateTopicRequest) -> (i32, String) {
    let code = RequestCode::UPDATE_AND_CREATE_TOPIC;
    let reply = client.call(RemotingCommand::request(code, request));
    (reply.code, reply.remark.unwrap_or_default())
}

fn topics(client: &mut Client) -> TopicConfigAndMappings {
    let reply = client.call(RemotingCommand::bare_request(
        RequestCode::GET_ALL_TOPIC_CONFIG,
    ));
    body::decode(&reply.body).unwrap()
}

fn named(code: RequestCode, topic: &str) -> RemotingCommand {
    RemotingCommand::request(
        code,
        &TopicRequest {
            topic: topic.to_owned(),
        },
    )
}

fn queue(topic: &str, number: i32) -> MessageQueue {
    MessageQueue::new(topic, "broker-a", number)
}

/// A broker with a name that does not depend on the host.
fn broker() -> TestBroker {
    TestBroker::start_with(|config, _| config.broker_name = "broker-a".to_owned())
}

#[test]
fn a_topic_is_created_changed_listed_and_deleted() {
    let mut broker = broker();
    let mut client = broker.client();
    let before = topics(&mut client).data_version;
    let fifo = Some("+message.type=FIFO".to_owned());
    let wanted = CreateTopicRequest {
        attributes: fifo,
        ..topic(TOPIC)
    };
    assert_eq!(put(&mut client, &wanted), (0, String::new()));
    let wider = CreateTopicRequest {
        read_queue_nums: 12,
        perm: 4,
        ..topic(TOPIC)
    };
    assert_eq!(put(&mut client, &wider), (0, String::new()));
    broker.restart();
    let mut client = broker.client();
    let all = topics(&mut client);
    assert_eq!(all.data_version.counter, before.counter + 2);
    let stored = &all.topic_config_table[TOPIC];
    assert_eq!(
        (stored.read_queue_nums, stored.write_queue_nums, stored.perm),
        (12, 8, 4)
    );
    assert_eq!(
        stored.attributes["message.type"], "FIFO",
        "attributes survive other changes"
    );
    let one = client.call(named(RequestCode::GET_TOPIC_CONFIG, TOPIC));
    assert_eq!(&body::decode::<TopicConfig>(&one.body).unwrap(), stored);
    broker
        .broker()
        .parts()
        .offsets
        .commit(GROUP, TOPIC, QueueId(0), QueueOffset(1));
    let delete = DeleteTopicRequest {
        topic: TOPIC.to_owned(),
    };
    for _ in 0..2 {
        let delete = RemotingCommand::request(RequestCode::DELETE_TOPIC_IN_BROKER, &delete);
        assert_eq!(client.call(delete).code, 0);
    }
    assert!(!topics(&mut client).topic_config_table.contains_key(TOPIC));
    assert!(broker.broker().parts().offsets.topics_of(GROUP).is_empty());
    let gone = client.call(named(RequestCode::GET_TOPIC_CONFIG, TOPIC));
    assert_eq!(
        (gone.code, gone.remark.unwrap()),
        (17, "No topic in this broker. topic: T".to_owned())
    );
}

#[test]
fn wrong_topics_are_refused_with_a_reason() {
    let broker = broker();
    let mut client = broker.client();
    let attributes = |text: &str| CreateTopicRequest {
        attributes: Some(text.to_owned()),
        ..topic(TOPIC)
    };
    for (request, code, remark) in [
        (
            topic("a.b"),
            29,
            "The specified topic: a.b, contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$",
        ),
        (
            topic("TBW102"),
            29,
            "The topic[TBW102] is conflict with system topic.",
        ),
        (
            topic("broker-a"),
            29,
            "The topic[broker-a] is conflict with system topic.",
        ),
        (
            topic("rmq_sys_x"),
            29,
            "The topic[rmq_sys_x] is conflict with system topic.",
        ),
        (
            attributes("+message.type=MIXED"),
            29,
            "MIXED message type is not supported.",
        ),
        (attributes("+colour=red"), 1, "unsupported key: colour"),
        (
            CreateTopicRequest {
                read_queue_nums: -1,
                ..topic(TOPIC)
            },
            29,
            "readQueueNums is -1, allowed are 0 to 65535",
        ),
        (
            CreateTopicRequest {
                read_queue_nums: 0,
                write_queue_nums: 0,
                ..topic(TOPIC)
            },
            29,
            "readQueueNums and writeQueueNums must not both be 0",
        ),
        (
            CreateTopicRequest {
                perm: 8,
                ..topic(TOPIC)
            },
            29,
            "perm is 8, allowed are sums of 4 (read), 2 (write) and 1 (inherit)",
        ),
    ] {
        assert_eq!(put(&mut client, &request), (code, remark.to_owned()));
    }
    assert!(!topics(&mut client).topic_config_table.contains_key(TOPIC));
}

#[test]
fn the_brokers_own_topics_are_there() {
    let broker = broker();
    let all = topics(&mut broker.client()).topic_config_table;
    for (name, queues, perm) in [
        ("TBW102", 8, 7),
        ("SELF_TEST_TOPIC", 1, 6),
        ("BenchmarkTest", 1024, 6),
        ("DefaultCluster", 16, 7),
        ("broker-a", 1, 7),
        ("OFFSET_MOVED_EVENT", 1, 6),
        ("SCHEDULE_TOPIC_XXXX", 18, 6),
        ("DefaultCluster_REPLY_TOPIC", 1, 6),
        ("rmq_sys_REVIVE_LOG_DefaultCluster", 8, 6),
        ("rmq_sys_SYNC_BROKER_MEMBER_broker-a", 1, 1),
        ("RMQ_SYS_TRANS_HALF_TOPIC", 1, 6),
        ("RMQ_SYS_TRANS_OP_HALF_TOPIC", 1, 6),
        ("rmq_sys_wheel_timer", 1, 6),
    ] {
        let topic = &all[name];
        let found = (topic.read_queue_nums, topic.write_queue_nums, topic.perm);
        assert_eq!(found, (queues, queues, perm), "{name}");
    }
    assert!(!all.contains_key("RMQ_SYS_TRACE_TOPIC"));
}

#[test]
fn a_group_is_created_replaced_listed_and_deleted() {
    let broker = broker();
    let mut client = broker.client();
    let put = |client: &mut Client, name: &str| {
        let group = SubscriptionGroupConfig {
            group_name: name.to_owned(),
            retry_max_times: 3,
            ..SubscriptionGroupConfig::default()
        };
        let code = RequestCode::UPDATE_AND_CREATE_SUBSCRIPTIONGROUP;
        let reply =
            client.call(RemotingCommand::bare_request(code).with_body(body::encode(&group)));
        reply.code
    };
    let list = |client: &mut Client| {
        let code = RequestCode::GET_ALL_SUBSCRIPTIONGROUP_CONFIG;
        let reply = client.call(RemotingCommand::bare_request(code));
        body::decode::<SubscriptionGroupTable>(&reply.body)
            .unwrap()
            .subscription_group_table
    };
    assert_eq!(put(&mut client, GROUP), 0);
    assert_eq!(put(&mut client, "no good"), 29);
    let all = list(&mut client);
    assert_eq!(all[GROUP].retry_max_times, 3);
    assert!(all.contains_key("TOOLS_CONSUMER") && all.contains_key("CID_ONSAPI_OWNER"));
    broker
        .broker()
        .parts()
        .offsets
        .commit(GROUP, TOPIC, QueueId(0), QueueOffset(1));
    let delete = |clean_offset| DeleteSubscriptionGroupRequest {
        group_name: GROUP.to_owned(),
        clean_offset,
    };
    let code = RequestCode::DELETE_SUBSCRIPTIONGROUP;
    assert_eq!(
        client
            .call(RemotingCommand::request(code, &delete(false)))
            .code,
        0
    );
    assert!(!list(&mut client).contains_key(GROUP));
    assert_eq!(
        broker.broker().parts().offsets.topics_of(GROUP).len(),
        1,
        "kept"
    );
    assert_eq!(
        client
            .call(RemotingCommand::request(code, &delete(true)))
            .code,
        0
    );
    assert!(broker.broker().parts().offsets.topics_of(GROUP).is_empty());
}

#[test]
fn the_state_of_queues_and_the_progress_of_groups_are_told() {
    let broker = broker();
    let mut client = broker.client();
    for body in ["0", "1", "2"] {
        client.send_ok(&to_topic(TOPIC), body.as_bytes());
    }
    let stats = client.call(named(RequestCode::GET_TOPIC_STATS_INFO, TOPIC));
    let stats: TopicStatsTable = body::decode(&stats.body).unwrap();
    assert_eq!(stats.offset_table.0.len(), 4);
    let first = stats.offset_table.0[&queue(TOPIC, 0)];
    assert_eq!((first.min_offset, first.max_offset), (0, 3));
    assert!(first.last_update_timestamp > 1_700_000_000_000);
    assert_eq!(
        stats.offset_table.0[&queue(TOPIC, 1)].last_update_timestamp,
        0
    );
    let missing = client.call(named(RequestCode::GET_TOPIC_STATS_INFO, "nothing"));
    assert_eq!(
        (missing.code, missing.remark.unwrap()),
        (17, "topic[nothing] not exist".to_owned())
    );
    client.pull(&everything(TOPIC));
    broker
        .broker()
        .parts()
        .offsets
        .commit(GROUP, TOPIC, QueueId(0), QueueOffset(2));
    for topic in [None, Some(TOPIC)] {
        let request = GetConsumeStatsRequest {
            consumer_group: GROUP.to_owned(),
            topic: topic.map(str::to_owned),
            topic_list: None,
        };
        let reply = client.call(RemotingCommand::request(
            RequestCode::GET_CONSUME_STATS,
            &request,
        ));
        let stats: ConsumeStats = body::decode(&reply.body).unwrap();
        let progress = stats.offset_table.0[&queue(TOPIC, 0)];
        assert_eq!((progress.broker_offset, progress.consumer_offset), (3, 2));
        assert!(progress.last_timestamp > 1_700_000_000_000);
        assert_eq!(stats.offset_table.0[&queue(TOPIC, 3)].consumer_offset, 0);
    }
}

#[test]
fn configuration_and_state_are_shown() {
    let broker = broker();
    let mut client = broker.client();
    let reply = client.call(RemotingCommand::bare_request(
        RequestCode::GET_BROKER_CONFIG,
    ));
    assert!(reply.ext.get("version").unwrap().contains("\"counter\":0"));
    let text = String::from_utf8(reply.body.to_vec()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.contains(&"brokerName=broker-a"), "{text}");
    assert!(lines.is_sorted());
    let reply = client.call(RemotingCommand::bare_request(
        RequestCode::GET_BROKER_RUNTIME_INFO,
    ));
    let table = body::decode::<KvTable>(&reply.body).unwrap().table;
    assert_eq!(table["brokerVersionDesc"], "V5_3_3");
    assert!(table["bootTimestamp"].parse::<i64>().unwrap() > 1_700_000_000_000);
}
