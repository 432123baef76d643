//! Bodies against the reference's bytes, and as other clients write them.

use std::collections::BTreeMap;

use ferromq_base::Millis;
use ferromq_wire::Version;
use ferromq_wire::body::{
    BrokerData, BrokerMemberGroupBody, ClusterInfo, ConsumeFromWhere, ConsumeMessageDirectlyResult,
    ConsumeResult, ConsumeType, ConsumerList, ConsumerRunningInfo, ConsumerStatus, DataVersion,
    Dialect, HeartbeatData, KvTable, LockBatchRequestBody, LockBatchResponseBody, MessageModel,
    MessageQueue, QueryAssignmentResponseBody, QueueData, RegisterBrokerBody, ResetOffsetBody,
    ResetOffsetListBody, SubscriptionGroupTable, TopicConfig, TopicList, TopicQueueMappingInfo,
    TopicRouteData, TopicStatsTable, decode, encode, encode_as,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::hex;

/// Reads `text` and expects the same bytes when it is written again.
fn same<T: Serialize + DeserializeOwned>(text: &str) -> T {
    let value: T = decode(text.as_bytes()).unwrap();
    assert_eq!(String::from_utf8(encode(&value)).unwrap(), text);
    value
}

const ROUTE: &str = r#"{"brokerDatas":[{"brokerAddrs":{0:"10.0.0.1:10911",1:"10.0.0.2:10911"},"brokerName":"broker-a","cluster":"DefaultCluster","enableActingMaster":false}],"filterServerTable":{},"queueDatas":[{"brokerName":"broker-a","perm":6,"readQueueNums":8,"topicSysFlag":0,"writeQueueNums":8}]}"#;

#[test]
fn a_route_is_written_in_both_dialects_and_read_in_either() {
    let route: TopicRouteData = same(ROUTE);
    assert_eq!(route.broker_datas[0].broker_addrs[&1], "10.0.0.2:10911");
    let standard = ROUTE.replace("{0:", "{\"0\":").replace(",1:", ",\"1\":");
    let written = route.encode(Dialect::Standard);
    assert_eq!(String::from_utf8(written).unwrap(), standard);
    assert_eq!(
        decode::<TopicRouteData>(standard.as_bytes()).unwrap(),
        route
    );
    assert_eq!(
        TopicRouteData::dialect(Version(400), false),
        Dialect::Legacy
    );
    assert_eq!(
        TopicRouteData::dialect(Version(400), true),
        Dialect::Standard
    );
    assert_eq!(
        TopicRouteData::dialect(Version(401), false),
        Dialect::Standard
    );
}

#[test]
fn a_static_topics_route_has_its_mapping() {
    let mapping = TopicQueueMappingInfo {
        bname: "broker-a".to_owned(),
        curr_id_map: BTreeMap::from([(0, 0), (2, 1)]),
        dirty: false,
        epoch: 1_700_000_000_000,
        scope: Some("__global__".to_owned()),
        topic: "T".to_owned(),
        total_queues: 4,
    };
    let route = TopicRouteData {
        topic_queue_mapping_by_broker: Some(BTreeMap::from([("broker-a".to_owned(), mapping)])),
        ..TopicRouteData::default()
    };
    let text = String::from_utf8(route.encode(Dialect::Standard)).unwrap();
    assert!(text.ends_with(r#""topicQueueMappingByBroker":{"broker-a":{"bname":"broker-a","currIdMap":{"0":0,"2":1},"dirty":false,"epoch":1700000000000,"scope":"__global__","topic":"T","totalQueues":4}}}"#));
}

#[test]
fn clusters_and_members_have_the_reference_text() {
    let cluster: ClusterInfo = same(
        r#"{"brokerAddrTable":{"broker-a":{"brokerAddrs":{0:"10.0.0.1:10911"},"brokerName":"broker-a","cluster":"DefaultCluster","enableActingMaster":true}},"clusterAddrTable":{"DefaultCluster":["broker-a"]}}"#,
    );
    assert!(cluster.cluster_addr_table["DefaultCluster"].contains("broker-a"));
    let group: BrokerMemberGroupBody = same(
        r#"{"brokerMemberGroup":{"brokerAddrs":{0:"10.0.0.1:10911",1:"10.0.0.2:10911"},"brokerName":"broker-a","cluster":"DefaultCluster"}}"#,
    );
    assert_eq!(group.broker_member_group.broker_addrs.len(), 2);
    // Brokers of 4.x leave out what came later.
    let old: BrokerData =
        decode(br#"{"brokerAddrs":{"0":"a"},"brokerName":"b","cluster":"c"}"#).unwrap();
    assert!(!old.enable_acting_master && old.zone_name.is_none());
}

const REGISTER: &str = r#"{"filterServerList":[],"topicConfigSerializeWrapper":{"dataVersion":{"counter":0,"stateVersion":0,"timestamp":1700000000000},"mappingDataVersion":{"counter":0,"stateVersion":0,"timestamp":1700000000000},"topicConfigTable":{"T":{"attributes":{},"order":false,"perm":6,"readQueueNums":4,"topicFilterType":"SINGLE_TAG","topicName":"T","topicSysFlag":0,"writeQueueNums":4}},"topicQueueMappingDetailMap":{},"topicQueueMappingInfoMap":{"T":{"bname":"broker-a","currIdMap":{0:0,2:1},"dirty":false,"epoch":1700000000000,"scope":"__global__","topic":"T","totalQueues":4}}}}"#;

const REGISTER_COMPRESSED: &str = "78da5d8e410bc2300c85abffc1fbc8b9c22643a5370f32062a88c38b48e9baa8c56d1d6d779031fceb7643104c083c5ec2f74208597720755b3b34c0420ad60987673456e97a349caad09b55032c5a85bfea0921133fb32c887d2f83537a48765b9e6d92a01b96d3cbf57bf2ee20af4585c02037fa89662e80826c8d498bbdf0e02ef4490b16f5140a65dc0bd84d94162960a3e5e32fd8ff287533c038bf973a1725e71ee774a3a437b3513b511e5b6cd1028bfb0fad153fcb";

#[test]
fn a_registration_is_read_plain_and_compressed() {
    let plain: RegisterBrokerBody = same(REGISTER);
    let topic = &plain.topics.topic_config_table["T"];
    assert_eq!(*topic, TopicConfig::new("T", 4));
    let body = RegisterBrokerBody::decode(REGISTER.as_bytes(), Version::CURRENT, false).unwrap();
    assert_eq!(body, plain);
    let sample = hex(REGISTER_COMPRESSED);
    assert_eq!(sample.len(), 185);
    let mut expected = plain.clone();
    expected.topics.mapping_data_version = DataVersion::default();
    let body = RegisterBrokerBody::decode(&sample, Version::CURRENT, true).unwrap();
    assert_eq!(body, expected);
    let older = RegisterBrokerBody::decode(&sample, Version::V4_9_4, true).unwrap();
    assert!(older.topics.topic_queue_mapping_info_map.is_empty());
}

#[test]
fn a_compressed_registration_inflates_to_the_reference_bytes() {
    use ferromq_wire::message::compress::CompressionType::Zlib;
    let plain: RegisterBrokerBody = decode(REGISTER.as_bytes()).unwrap();
    let ours = plain.encode_compressed(Version::CURRENT).unwrap();
    let ours = Zlib.decompress(&ours, 1000).unwrap();
    let reference = Zlib.decompress(&hex(REGISTER_COMPRESSED), 1000).unwrap();
    assert_eq!((ours.len(), ours), (230, reference));
}

#[test]
fn a_damaged_compressed_registration_is_an_error() {
    use ferromq_wire::message::compress::CompressionType::Zlib;
    let whole = Zlib.decompress(&hex(REGISTER_COMPRESSED), 1000).unwrap();
    for end in 0..whole.len() {
        let body = Zlib.compress(&whole[..end], 1).unwrap();
        assert!(
            RegisterBrokerBody::decode(&body, Version::CURRENT, true).is_err(),
            "{end}"
        );
    }
    let mut negative = whole.clone();
    negative[..4].copy_from_slice(&(-1_i32).to_be_bytes());
    let body = Zlib.compress(&negative, 1).unwrap();
    assert!(RegisterBrokerBody::decode(&body, Version::CURRENT, true).is_err());
    assert!(RegisterBrokerBody::decode(b"", Version::CURRENT, true).is_err());
    assert!(RegisterBrokerBody::decode(b"", Version::CURRENT, false).is_err());
}

#[test]
fn a_very_old_broker_registers_with_the_bare_table() {
    let text = br#"{"dataVersion":{"counter":1,"timestamp":5},"topicConfigTable":{"T":{"topicName":"T","perm":6,"readQueueNums":4,"writeQueueNums":4,"topicFilterType":"SINGLE_TAG","order":false,"topicSysFlag":0}}}"#;
    let body = RegisterBrokerBody::decode(text, Version(36), false).unwrap();
    assert_eq!(body.topics.data_version.counter, 1);
    assert_eq!(
        body.topics.topic_config_table["T"],
        TopicConfig::new("T", 4)
    );
}

const HEARTBEAT: &str = r#"{"clientID":"10.0.0.9@DEFAULT","consumerDataSet":[{"consumeFromWhere":"CONSUME_FROM_LAST_OFFSET","consumeType":"CONSUME_PASSIVELY","groupName":"CG","messageModel":"CLUSTERING","subscriptionDataSet":[{"classFilterMode":false,"codeSet":[65],"expressionType":"TAG","subString":"A","subVersion":1700000000000,"tagsSet":["A"],"topic":"T"}],"unitMode":false}],"heartbeatFingerprint":0,"producerDataSet":[{"groupName":"PG"}],"withoutSub":false}"#;

#[test]
fn a_java_heartbeat_is_read_and_has_its_fingerprint() {
    let heartbeat: HeartbeatData = same(HEARTBEAT);
    let consumer = &heartbeat.consumer_data_set[0];
    assert_eq!(consumer.consume_type, ConsumeType::Passively);
    assert_eq!(consumer.subscription_data_set[0].code_set, [65]);
    assert_eq!(heartbeat.fingerprint(), -550_532_238);
}

#[test]
fn a_cpp_heartbeat_is_read() {
    let text = br#"{"clientID":"c","consumerDataSet":[{"groupName":"CG","consumeType":0,"messageModel":0,"consumeFromWhere":4,"subscriptionDataSet":[{"topic":"T","subString":"*","subVersion":"1700000000000","codeSet":[]}]}]}"#;
    let heartbeat: HeartbeatData = decode(text).unwrap();
    let consumer = &heartbeat.consumer_data_set[0];
    assert_eq!(consumer.consume_type, ConsumeType::Actively);
    assert_eq!(consumer.message_model, MessageModel::Broadcasting);
    assert_eq!(consumer.consume_from_where, ConsumeFromWhere::FirstOffset);
    let subscription = &consumer.subscription_data_set[0];
    assert_eq!(subscription.sub_version, 1_700_000_000_000);
    assert!(subscription.is_tag() && heartbeat.producer_data_set.is_empty());
}

#[test]
fn a_go_heartbeat_is_read() {
    let text = br#"{"clientID":"c","producerDataSet":[],"consumerDataSet":[{"groupName":"CG","consumeType":"CONSUME_PASSIVELY","messageModel":"Clustering","consumeFromWhere":"CONSUME_FROM_FIRST_OFFSET","subscriptionDataSet":[{"classFilterMode":false,"topic":"T","subString":"A","tagsSet":["A"],"codeSet":["65"],"subVersion":1700000000000000000,"expressionType":"TAG"},{"topic":"U","tagsSet":null,"codeSet":null,"subString":null,"expressionType":null}],"unitMode":false}]}"#;
    let heartbeat: HeartbeatData = decode(text).unwrap();
    let consumer = &heartbeat.consumer_data_set[0];
    assert_eq!(consumer.message_model, MessageModel::Clustering);
    let [first, second] = &consumer.subscription_data_set[..] else {
        panic!("two subscriptions expected");
    };
    assert_eq!(first.code_set, [65]);
    assert_eq!(first.sub_version, 1_700_000_000_000_000_000);
    assert!(second.is_tag() && second.tags_set.is_empty());
}

#[test]
fn enums_take_unknown_values_as_their_default() {
    for value in ["99", "-1", "\"NEW\"", "null", "\"1\""] {
        let text = format!(r#"{{"consumerDataSet":[{{"messageModel":{value}}}]}}"#);
        let heartbeat: HeartbeatData = decode(text.as_bytes()).unwrap();
        let model = heartbeat.consumer_data_set[0].message_model;
        assert_eq!(model, MessageModel::Clustering, "{value}");
    }
}

#[test]
fn group_bodies_have_the_reference_text() {
    let _: ConsumerList = same(r#"{"consumerIdList":["10.0.0.9@1","10.0.0.8@2"]}"#);
    let lock: LockBatchRequestBody = same(
        r#"{"clientId":"c1","consumerGroup":"CG","mqSet":[{"brokerName":"broker-a","queueId":0,"topic":"T"}],"onlyThisBroker":false}"#,
    );
    assert_eq!(lock.mq_set, [MessageQueue::new("T", "broker-a", 0)]);
    let _: LockBatchResponseBody =
        same(r#"{"lockOKMQSet":[{"brokerName":"broker-a","queueId":0,"topic":"T"}]}"#);
    let _: KvTable = same(r#"{"table":{"T":"broker-a:8"}}"#);
    let _: TopicList = same(r#"{"topicList":["T1","T2"]}"#);
    let _: DataVersion = same(r#"{"counter":3,"stateVersion":0,"timestamp":1700000000000}"#);
    let keep: QueryAssignmentResponseBody = same("{}");
    assert_eq!(keep.message_queue_assignments, None);
    let _: QueryAssignmentResponseBody = same(
        r#"{"messageQueueAssignments":[{"messageQueue":{"brokerName":"broker-a","queueId":-1,"topic":"T"},"mode":"POP"}]}"#,
    );
    let _: SubscriptionGroupTable = same(
        r#"{"dataVersion":{"counter":0,"stateVersion":0,"timestamp":5},"forbiddenTable":{"g1":{"T":4}},"subscriptionGroupTable":{"g1":{"attributes":{},"brokerId":0,"consumeBroadcastEnable":true,"consumeEnable":true,"consumeFromMinEnable":true,"consumeMessageOrderly":false,"consumeTimeoutMinute":15,"groupName":"g1","groupRetryPolicy":{"type":"CUSTOMIZED"},"groupSysFlag":0,"notifyConsumerIdsChangedEnable":true,"retryMaxTimes":16,"retryQueueNums":1,"whichBrokerWhenConsumeSlowly":1}}}"#,
    );
}

#[test]
fn queues_are_keys() {
    let reset: ResetOffsetBody =
        same(r#"{"offsetTable":{{"brokerName":"broker-a","queueId":1,"topic":"T"}:6}}"#);
    let queue = MessageQueue::new("T", "broker-a", 1);
    assert_eq!(reset.offset_table.0[&queue], 6);
    let _: ResetOffsetListBody =
        same(r#"{"offsetTable":[{"brokerName":"broker-a","offset":5,"queueId":0,"topic":"T"}]}"#);
    let _: ConsumerStatus = same(
        r#"{"consumerTable":{},"messageQueueTable":{{"brokerName":"broker-a","queueId":0,"topic":"T"}:6}}"#,
    );
    let _: TopicStatsTable = same(
        r#"{"offsetTable":{{"brokerName":"broker-a","queueId":1,"topic":"T"}:{"lastUpdateTimestamp":0,"maxOffset":9,"minOffset":0}},"topicPutTps":0.0}"#,
    );
    let unknown: TopicStatsTable = decode(br#"{"topicPutTps":null}"#).unwrap();
    assert!(unknown.topic_put_tps.abs() < f64::EPSILON && unknown.offset_table.0.is_empty());
    // Other field order, spaces, and the string form that strict writers use.
    for text in [
        r#"{"offsetTable":{ { "topic":"T", "queueId":"1","brokerName":"broker-a" } : 6 }}"#,
        r#"{"offsetTable":{"{\"topic\":\"T\",\"brokerName\":\"broker-a\",\"queueId\":1}":6}}"#,
    ] {
        assert_eq!(
            decode::<ResetOffsetBody>(text.as_bytes()).unwrap(),
            reset,
            "{text}"
        );
    }
    let standard = String::from_utf8(encode_as(&reset, Dialect::Standard)).unwrap();
    assert_eq!(
        decode::<ResetOffsetBody>(standard.as_bytes()).unwrap(),
        reset
    );
}

#[test]
fn what_clients_tell_about_themselves_is_read() {
    let text = "{\"jstack\":\"goroutine 1\n\tmain\",\"mqTable\":{{\"topic\":\"T\",\"brokerName\":\"b\",\"queueId\":0}:{\"droped\":false}},\"properties\":{\"PROP_CONSUME_TYPE\":\"CONSUME_PASSIVELY\"},\"statusTable\":{\"T\":{\"pullTPS\":1.2}}}";
    let info: ConsumerRunningInfo = decode(text.as_bytes()).unwrap();
    assert_eq!(info.jstack.as_deref(), Some("goroutine 1\n\tmain"));
    assert_eq!(info.mq_table.0.len(), 1);
    let result: ConsumeMessageDirectlyResult = same(
        r#"{"autoCommit":true,"consumeResult":"CR_SUCCESS","order":false,"spentTimeMills":3}"#,
    );
    assert_eq!(result.consume_result, ConsumeResult::Success);
    let go: ConsumeMessageDirectlyResult = decode(br#"{"consumeResult":4}"#).unwrap();
    assert_eq!(go.consume_result, ConsumeResult::ThrowException);
}

#[test]
fn go_names_the_topic_flag_otherwise() {
    let data: QueueData = decode(br#"{"brokerName":"b","topicSynFlag":3}"#).unwrap();
    assert_eq!(data.topic_sys_flag, 3);
}

#[test]
fn versions_are_compared_and_counted() {
    let first = DataVersion::default();
    let next = first.next(Millis(7));
    assert_eq!((next.counter, next.timestamp), (1, 7));
    assert!(next.is_newer_than(&first) && !first.is_newer_than(&next));
    assert!(!first.is_newer_than(&first));
    let epoch = DataVersion {
        state_version: 1,
        ..first
    };
    assert!(epoch.is_newer_than(&next));
    let old: DataVersion = decode(br#"{"counter":3,"timestamp":9}"#).unwrap();
    assert_eq!(old.state_version, 0);
}

#[test]
fn bodies_of_another_shape_are_errors() {
    assert!(decode::<HeartbeatData>(b"").is_err());
    assert!(decode::<HeartbeatData>(b"[1]").is_err());
    assert!(decode::<HeartbeatData>(b"{").is_err());
    assert!(decode::<HeartbeatData>(br#"{"clientID":{}}"#).is_err());
    assert!(decode::<ConsumerList>(br#"{"consumerIdList":5}"#).is_err());
}
