//! Registration and its refusals.

use std::io::Write;

use crate::support::{Broker, route, start};

#[test]
fn a_slave_learns_its_master_and_a_broker_the_order_configuration() {
    let server = start("");
    let mut client = server.connect();
    let reply = Broker::new("a", 0, "10.0.0.1:10911").register(&mut client);
    assert_eq!((reply.field("masterAddr"), reply.body.as_str()), (None, ""));
    let order = [
        ("namespace", "ORDER_TOPIC_CONFIG"),
        ("key", "T"),
        ("value", "a:8"),
    ];
    client.call(100, &order);
    let reply = Broker::new("a", 1, "10.0.0.2:10911").register(&mut client);
    assert_eq!(reply.field("masterAddr"), Some("10.0.0.1:10911"));
    assert_eq!(reply.field("haServerAddr"), Some("10.0.0.1:10912"));
    assert_eq!(reply.body, r#"{"table":{"T":"a:8"}}"#);

    let server = start("returnOrderTopicConfigToBroker=false");
    let mut client = server.connect();
    client.call(100, &order);
    assert_eq!(Broker::new("a", 0, "a:1").register(&mut client).body, "");
}

#[test]
fn what_cannot_be_taken_is_refused_and_leaves_no_trace() {
    let server = start("");
    let mut client = server.connect();
    let broker = Broker::new("a", 0, "10.0.0.1:10911");
    let mut single = broker.clone();
    single.topics.truncate(1);
    assert_eq!(
        single.try_register(&mut client).status(),
        (1, "register broker failed")
    );
    let reply = broker
        .clone()
        .with("bodyCrc32", "1")
        .try_register(&mut client);
    assert_eq!(reply.status(), (1, "crc32 not match"));
    for body in ["", "{", r#"{"topicConfigSerializeWrapper":7}"#] {
        let reply = client.call_with(103, &broker.pairs(), body.as_bytes());
        assert_eq!(reply.code, 1, "{body}");
        assert!(reply.remark.is_some(), "{body}");
    }
    for missing in ["brokerName", "brokerAddr", "clusterName", "brokerId"] {
        let fields: Vec<_> = broker
            .pairs()
            .into_iter()
            .filter(|(name, _)| *name != missing)
            .collect();
        let reply = client.call_with(103, &fields, broker.body().as_bytes());
        assert_eq!(reply.code, 1, "{missing}");
        assert!(reply.remark.unwrap().contains(missing));
    }
    assert_eq!(client.call(103, &[]).code, 1);
    assert_eq!(
        client.call(106, &[]).body,
        r#"{"brokerAddrTable":{},"clusterAddrTable":{}}"#
    );
}

#[test]
fn a_right_checksum_is_accepted() {
    let server = start("");
    let mut client = server.connect();
    let broker = Broker::new("a", 0, "a:1");
    let crc = crc32fast::hash(broker.body().as_bytes()) & 0x7fff_ffff;
    broker
        .with("bodyCrc32", &crc.to_string())
        .register(&mut client);
}

#[test]
fn a_very_old_broker_sends_only_the_topics() {
    let server = start("");
    let mut client = server.connect();
    let broker = Broker::new("a", 0, "10.0.0.1:10911");
    let body: String = broker.body();
    let start = body.find("{\"dataVersion\"").unwrap();
    client.version = 36;
    let reply = client.call_with(
        103,
        &broker.pairs(),
        &body.as_bytes()[start..body.len() - 1],
    );
    assert_eq!(reply.status(), (0, ""));
    client.version = 479;
    assert!(route(&mut client, "T").is_some());
}

/// The compressed form: sized texts in a zlib stream.
fn compressed(topics: &[&str], with_mapping: bool) -> Vec<u8> {
    let mut plain = Vec::new();
    let sized = |text: &str, plain: &mut Vec<u8>| {
        plain.extend_from_slice(&u32::try_from(text.len()).unwrap().to_be_bytes());
        plain.extend_from_slice(text.as_bytes());
    };
    sized(
        r#"{"counter":0,"stateVersion":0,"timestamp":1700000000000}"#,
        &mut plain,
    );
    plain.extend_from_slice(&u32::try_from(topics.len()).unwrap().to_be_bytes());
    for topic in topics {
        sized(topic, &mut plain);
    }
    sized("[]", &mut plain);
    if with_mapping {
        plain.extend_from_slice(&1_u32.to_be_bytes());
        sized(
            r#"{"bname":"a","currIdMap":{0:0},"topic":"T","totalQueues":1}"#,
            &mut plain,
        );
    }
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    zlib.write_all(&plain).unwrap();
    zlib.finish().unwrap()
}

#[test]
fn a_compressed_body_is_read_for_every_version() {
    for (version, with_mapping) in [(401, false), (413, true), (479, true)] {
        let server = start("");
        let mut client = server.connect();
        client.version = version;
        let broker = Broker::new("a", 0, "10.0.0.1:10911").with("compressed", "true");
        let body = compressed(
            &["T 4 3 6 SINGLE_TAG {}", "U 4 4 4 SINGLE_TAG"],
            with_mapping,
        );
        let reply = client.call_with(103, &broker.pairs(), &body);
        assert_eq!(reply.status(), (0, ""), "version {version}");
        client.version = 479;
        let route = route(&mut client, "T").unwrap();
        assert_eq!(route["queueDatas"][0]["readQueueNums"], 4);
        assert_eq!(route["queueDatas"][0]["writeQueueNums"], 3);
    }
}

#[test]
fn a_damaged_compressed_body_is_refused() {
    let server = start("");
    let mut client = server.connect();
    let broker = Broker::new("a", 0, "10.0.0.1:10911").with("compressed", "true");
    let good = compressed(&["T 4 3 6 SINGLE_TAG {}", "U 4 4 4 SINGLE_TAG {}"], true);
    for cut in [0, 1, 10, good.len() / 2] {
        let reply = client.call_with(103, &broker.pairs(), &good[..cut]);
        assert_eq!(reply.code, 1, "{cut}");
    }
    for topic in ["", "T", "T x 3 6 SINGLE_TAG {}"] {
        let body = compressed(&[topic, "U 4 4 4 SINGLE_TAG {}"], true);
        assert_eq!(
            client.call_with(103, &broker.pairs(), &body).code,
            1,
            "{topic}"
        );
    }
}

#[test]
fn unregistering_removes_the_broker_at_once() {
    let server = start("");
    let mut client = server.connect();
    let broker = Broker::new("a", 0, "10.0.0.1:10911");
    broker.register(&mut client);
    assert_eq!(client.call(104, &broker.pairs()).status(), (0, ""));
    assert_eq!(
        client.call(104, &broker.pairs()).status(),
        (0, ""),
        "again is fine"
    );
    assert!(route(&mut client, "T").is_none());
}

#[test]
fn name_servers_know_nothing_of_each_other() {
    let (one, other) = (start(""), start(""));
    Broker::new("a", 0, "10.0.0.1:10911").register(&mut one.connect());
    let mut client = one.connect();
    let mut elsewhere = other.connect();
    assert!(route(&mut elsewhere, "T").is_none());
    Broker::new("b", 0, "10.0.0.2:10911").register(&mut elsewhere);
    drop(elsewhere);
    let mut stays = other.connect();
    Broker::new("b", 0, "10.0.0.2:10911").register(&mut stays);
    assert_eq!(
        route(&mut stays, "T").unwrap()["queueDatas"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let _ = route(&mut client, "T");
}
