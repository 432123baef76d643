//! Topic lists, removal, addition and permission to write.

use serde_json::{Value, json};

use crate::support::{Broker, Client, route, start};

fn list(client: &mut Client, code: i32, fields: &[(&str, &str)]) -> Value {
    let reply = client.call(code, fields);
    assert_eq!(reply.status(), (0, ""));
    serde_json::from_str(&reply.body).unwrap()
}

#[test]
fn topics_are_listed() {
    let server = start("");
    let mut client = server.connect();
    Broker::new("a", 0, "10.0.0.1:10911").register(&mut client);
    Broker::new("b", 0, "10.0.0.2:10911")
        .with("clusterName", "D")
        .register(&mut client);
    assert_eq!(client.call(206, &[]).body, r#"{"topicList":["T","U"]}"#);
    assert_eq!(
        list(&mut client, 224, &[("cluster", "D")]),
        json!({"topicList": ["T", "U"]})
    );
    assert_eq!(
        list(&mut client, 224, &[("cluster", "X")]),
        json!({"topicList": []})
    );
    assert_eq!(
        list(&mut client, 304, &[]),
        json!({"brokerAddr": "10.0.0.1:10911", "topicList": ["C", "D", "a", "b"]})
    );
    for code in [311, 312, 313] {
        assert_eq!(list(&mut client, code, &[]), json!({"topicList": []}));
    }
}

#[test]
fn lists_can_be_switched_off() {
    let server = start("enableAllTopicList=false");
    let mut client = server.connect();
    assert_eq!(client.call(206, &[]).status(), (1, "disable"));
    assert_eq!(client.call(224, &[("cluster", "C")]).code, 0);
    let server = start("enableTopicList=false");
    let mut client = server.connect();
    assert_eq!(client.call(206, &[]).code, 0);
    for code in [224, 304, 311, 312, 313] {
        assert_eq!(
            client.call(code, &[("cluster", "C")]).status(),
            (1, "disable"),
            "{code}"
        );
    }
}

#[test]
fn a_topic_is_deleted_and_added() {
    let server = start("");
    let mut client = server.connect();
    Broker::new("a", 0, "10.0.0.1:10911").register(&mut client);
    let named = |cluster| [("topic", "T"), ("clusterName", cluster)];
    assert_eq!(client.call(216, &named("X")).status(), (0, ""));
    assert!(route(&mut client, "T").is_some());
    assert_eq!(client.call(216, &named("C")).status(), (0, ""));
    assert!(route(&mut client, "T").is_none());
    assert_eq!(client.call(216, &[("topic", "U")]).status(), (0, ""));
    assert!(route(&mut client, "U").is_none());

    let queues = |name: &str| {
        format!(
            r#"{{"queueDatas":[{{"brokerName":"{name}","perm":6,"readQueueNums":2,"writeQueueNums":2,"topicSysFlag":0}}]}}"#
        )
    };
    for (name, is_there) in [("x", false), ("a", true)] {
        let reply = client.call_with(217, &[("topic", "V")], queues(name).as_bytes());
        assert_eq!(reply.status(), (0, ""));
        assert_eq!(route(&mut client, "V").is_some(), is_there);
    }
    assert_eq!(client.call_with(217, &[("topic", "V")], b"").code, 1);
}

#[test]
fn permission_to_write_is_taken_and_given() {
    let server = start("");
    let mut client = server.connect();
    Broker::new("a", 0, "10.0.0.1:10911").register(&mut client);
    let perm = |client: &mut Client| route(client, "T").unwrap()["queueDatas"][0]["perm"].clone();
    let reply = client.call(205, &[("brokerName", "a")]);
    assert_eq!((reply.code, reply.field("wipeTopicCount")), (0, Some("2")));
    assert_eq!(perm(&mut client), 4);
    Broker::new("a", 0, "10.0.0.1:10911").register(&mut client);
    assert_eq!(
        perm(&mut client),
        4,
        "an unchanged registration does not give it back"
    );
    let reply = client.call(327, &[("brokerName", "a")]);
    assert_eq!((reply.code, reply.field("addTopicCount")), (0, Some("2")));
    assert_eq!(perm(&mut client), 6);
    let reply = client.call(205, &[("brokerName", "x")]);
    assert_eq!((reply.code, reply.field("wipeTopicCount")), (0, Some("0")));
}
