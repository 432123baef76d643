//! Routes and cluster views, byte for byte.

use ferromq_wire::code::RequestCode;

use crate::support::{Broker, start};

const LEGACY: &str = r#"{"brokerDatas":[{"brokerAddrs":{0:"10.0.0.1:10911",1:"10.0.0.2:10911"},"brokerName":"broker-a","cluster":"C","enableActingMaster":false}],"filterServerTable":{},"queueDatas":[{"brokerName":"broker-a","perm":6,"readQueueNums":4,"topicSysFlag":0,"writeQueueNums":4}]}"#;

fn standard() -> String {
    LEGACY
        .replace("0:\"", "\"0\":\"")
        .replace(",1:\"", ",\"1\":\"")
}

#[test]
fn the_dialect_follows_the_version_of_the_client() {
    let server = start("");
    let mut broker = server.connect();
    Broker::new("broker-a", 0, "10.0.0.1:10911").register(&mut broker);
    Broker::new("broker-a", 1, "10.0.0.2:10911").register(&mut broker);
    let mut client = server.connect();
    for (version, fields, expected) in [
        (317, &[][..], LEGACY.to_owned()),
        (
            399,
            &[("acceptStandardJsonOnly", "false")],
            LEGACY.to_owned(),
        ),
        (399, &[("acceptStandardJsonOnly", "true")], standard()),
        (401, &[], standard()),
        (479, &[], standard()),
    ] {
        client.version = version;
        let fields = [&[("topic", "T")], fields].concat();
        let reply = client.call(105, &fields);
        assert_eq!(reply.status(), (0, ""));
        assert_eq!(reply.body, expected, "version {version}");
        assert!(
            !reply.body.contains(char::is_whitespace),
            "the Go client cannot read white space"
        );
    }
}

#[test]
fn a_binary_header_is_understood() {
    let server = start("");
    let mut client = server.connect();
    Broker::new("broker-a", 0, "10.0.0.1:10911").register(&mut client);
    Broker::new("broker-a", 1, "10.0.0.2:10911").register(&mut client);
    let reply = client.call_binary(RequestCode::GET_ROUTEINFO_BY_TOPIC, &[("topic", "T")]);
    assert_eq!((reply.code, reply.body), (0, standard()));
}

#[test]
fn an_unknown_topic_is_named_in_the_remark() {
    let server = start("");
    let reply = server.connect().call(105, &[("topic", "Nowhere")]);
    assert_eq!(
        reply.status(),
        (
            17,
            "No topic route info in name server for the topic: Nowhere\n\
             See https://rocketmq.apache.org/docs/bestPractice/06FAQ for further details."
        )
    );
}

#[test]
fn cluster_view_and_member_group_are_always_legacy() {
    let server = start("");
    let mut client = server.connect();
    assert_eq!(
        client.call(106, &[]).body,
        r#"{"brokerAddrTable":{},"clusterAddrTable":{}}"#
    );
    Broker::new("broker-a", 0, "10.0.0.1:10911")
        .with("enableActingMaster", "true")
        .register(&mut client);
    assert_eq!(
        client.call(106, &[]).body,
        r#"{"brokerAddrTable":{"broker-a":{"brokerAddrs":{0:"10.0.0.1:10911"},"brokerName":"broker-a","cluster":"C","enableActingMaster":true}},"clusterAddrTable":{"C":["broker-a"]}}"#
    );
    let members = |name| [("clusterName", "C"), ("brokerName", name)];
    assert_eq!(
        client.call(901, &members("broker-a")).body,
        r#"{"brokerMemberGroup":{"brokerAddrs":{0:"10.0.0.1:10911"},"brokerName":"broker-a","cluster":"C"}}"#
    );
    assert_eq!(
        client.call(901, &members("x")).body,
        r#"{"brokerMemberGroup":{"brokerAddrs":{},"brokerName":"x","cluster":"C"}}"#
    );
}

#[test]
fn order_configuration_is_told_only_if_enabled() {
    for (config, expected) in [("", None), ("orderMessageEnable=true", Some("broker-a:8"))] {
        let server = start(config);
        let mut client = server.connect();
        Broker::new("broker-a", 0, "10.0.0.1:10911").register(&mut client);
        let order = [
            ("namespace", "ORDER_TOPIC_CONFIG"),
            ("key", "T"),
            ("value", "broker-a:8"),
        ];
        assert_eq!(client.call(100, &order).code, 0);
        let body = client.call(105, &[("topic", "T")]).body;
        let route: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(route["orderTopicConf"].as_str(), expected);
    }
}

#[test]
fn routes_can_wait_for_the_brokers_after_a_start() {
    let server = start("needWaitForService=true\nwaitSecondsForService=3600");
    let mut client = server.connect();
    Broker::new("broker-a", 0, "10.0.0.1:10911").register(&mut client);
    let reply = client.call(105, &[("topic", "T")]);
    assert_eq!(reply.status(), (1, "name server not ready"));
}

#[test]
fn a_stand_in_is_shown_as_master_only_if_enabled() {
    for (config, id) in [("", "2"), ("supportActingMaster=true", "0")] {
        let server = start(config);
        let mut client = server.connect();
        Broker::new("broker-a", 2, "10.0.0.2:10911")
            .with("enableActingMaster", "true")
            .register(&mut client);
        let route = crate::support::route(&mut client, "T").unwrap();
        assert_eq!(route["brokerDatas"][0]["brokerAddrs"][id], "10.0.0.2:10911");
        assert_eq!(route["queueDatas"][0]["perm"], 4);
    }
}

#[test]
fn a_static_topic_has_its_mapping_in_either_dialect() {
    let server = start("");
    let mut client = server.connect();
    Broker::new("broker-a", 0, "10.0.0.1:10911").register(&mut client);
    for (version, map) in [(317, "{0:0,2:1}"), (479, r#"{"0":0,"2":1}"#)] {
        client.version = version;
        let body = client.call(105, &[("topic", "U")]).body;
        let mapping = format!(
            r#","topicQueueMappingByBroker":{{"broker-a":{{"bname":"b","currIdMap":{map},"dirty":false,"epoch":1,"scope":"__global__","topic":"U","totalQueues":4}}}}}}"#
        );
        assert!(body.ends_with(&mapping), "{body}");
    }
}

#[test]
fn the_zone_of_a_broker_is_shown() {
    let server = start("");
    let mut client = server.connect();
    Broker::new("broker-a", 0, "10.0.0.1:10911")
        .with("__ZONE_NAME", "east")
        .register(&mut client);
    let route = crate::support::route(&mut client, "T").unwrap();
    assert_eq!(route["brokerDatas"][0]["zoneName"], "east");
}
