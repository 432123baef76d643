//! How brokers disappear, and what keeps them.

use crate::support::{Broker, route, start, wait_for};

#[test]
fn a_closed_connection_removes_its_brokers_at_once() {
    let server = start("");
    let mut client = server.connect();
    let mut broker = server.connect();
    Broker::new("a", 0, "10.0.0.1:10911").register(&mut broker);
    Broker::new("b", 0, "10.0.0.2:10911").register(&mut broker);
    assert!(route(&mut client, "T").is_some());
    drop(broker);
    wait_for("both brokers to go", || route(&mut client, "T").is_none());
}

#[test]
fn a_broker_that_registers_again_elsewhere_survives_its_old_connection() {
    let server = start("");
    let mut client = server.connect();
    let (mut old, mut new) = (server.connect(), server.connect());
    let broker = Broker::new("a", 0, "10.0.0.1:10911");
    broker.register(&mut old);
    Broker::new("old", 0, "10.0.0.9:10911").register(&mut old);
    broker.register(&mut new);
    drop(old);
    let names = |client: &mut _| {
        let route = route(client, "T").unwrap();
        route["queueDatas"].as_array().unwrap().len()
    };
    wait_for("the other broker to go", || names(&mut client) == 1);
    assert_eq!(
        route(&mut client, "T").unwrap()["queueDatas"][0]["brokerName"],
        "a"
    );
}

#[test]
fn a_silent_broker_is_removed_and_its_connection_closed() {
    let server = start("");
    let mut client = server.connect();
    let mut silent = server.connect();
    Broker::new("a", 0, "10.0.0.1:10911")
        .with("heartbeatTimeoutMillis", "150")
        .register(&mut silent);
    wait_for("the silent broker to go", || {
        route(&mut client, "T").is_none()
    });
    assert!(silent.is_closed());
}

#[test]
fn heartbeats_and_equal_data_versions_keep_a_broker() {
    let server = start("");
    let mut client = server.connect();
    let mut conn = server.connect();
    let broker = Broker::new("a", 0, "10.0.0.1:10911").with("heartbeatTimeoutMillis", "600");
    broker.register(&mut conn);
    let mut reference = server.connect();
    Broker::new("b", 0, "10.0.0.2:10911")
        .with("heartbeatTimeoutMillis", "600")
        .register(&mut reference);
    let version = br#"{"counter":0,"stateVersion":0,"timestamp":1700000000000}"#;
    let mut turn = 0;
    wait_for("the reference broker to go", || {
        turn += 1;
        if turn % 2 == 0 {
            conn.oneway(904, &broker.pairs(), b"");
        } else {
            let reply = conn.call_with(322, &broker.pairs(), version);
            assert_eq!(reply.field("changed"), Some("false"));
        }
        let route = route(&mut client, "T").unwrap();
        route["queueDatas"].as_array().unwrap().len() == 1
    });
    assert_eq!(
        route(&mut client, "T").unwrap()["queueDatas"][0]["brokerName"],
        "a"
    );
}

#[test]
fn data_versions_are_compared() {
    let server = start("");
    let mut client = server.connect();
    let broker = Broker::new("a", 0, "10.0.0.1:10911");
    let stored = r#"{"counter":0,"stateVersion":0,"timestamp":1700000000000}"#;
    let reply = client.call_with(322, &broker.pairs(), stored.as_bytes());
    assert_eq!(
        (reply.code, reply.field("changed"), reply.body.as_str()),
        (0, Some("true"), "")
    );
    broker.register(&mut client);
    for (sent, changed) in [
        (stored.to_owned(), "false"),
        (stored.replace("\"counter\":0", "\"counter\":1"), "true"),
        (stored.replace("1700000000000", "1"), "true"),
        (
            stored.replace("\"stateVersion\":0", "\"stateVersion\":1"),
            "true",
        ),
    ] {
        let reply = client.call_with(322, &broker.pairs(), sent.as_bytes());
        assert_eq!(reply.field("changed"), Some(changed), "{sent}");
        assert_eq!(reply.body, stored);
    }
    assert_eq!(client.call_with(322, &broker.pairs(), b"{").code, 1);
    assert_eq!(client.call(904, &broker.pairs()).status(), (0, ""));
}
