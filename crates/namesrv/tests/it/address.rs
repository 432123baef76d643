//! The address of a broker that has no fixed one depends on the client.

use crate::support::{Broker, route, start};

fn shown(client: &mut crate::support::Client) -> String {
    let route = route(client, "T").unwrap();
    let addr = &route["brokerDatas"][0]["brokerAddrs"]["0"];
    addr.as_str().unwrap().to_owned()
}

#[test]
fn a_local_client_of_a_local_broker_gets_loopback_everywhere() {
    let server = start("");
    let mut client = server.connect();
    Broker::new("a", 0, "192.0.2.1:10911")
        .with("ferroListen", "0.0.0.0:20911")
        .with("ferroAddrs", "192.0.2.1/24")
        .register(&mut client);
    assert_eq!(shown(&mut client), "127.0.0.1:20911");
    assert!(
        client
            .call(106, &[])
            .body
            .contains(r#"{0:"127.0.0.1:20911"}"#)
    );
    assert!(
        client
            .call(304, &[])
            .body
            .contains(r#""brokerAddr":"127.0.0.1:20911""#)
    );
    let members = client.call(901, &[("clusterName", "C"), ("brokerName", "a")]);
    assert!(members.body.contains(r#"{0:"127.0.0.1:20911"}"#));
}

#[test]
fn the_registered_address_still_names_the_broker() {
    let server = start("");
    let mut client = server.connect();
    let broker = Broker::new("a", 0, "192.0.2.1:10911").with("ferroListen", "0.0.0.0:10911");
    broker.register(&mut client);
    assert_eq!(client.call(104, &broker.pairs()).code, 0);
    assert!(route(&mut client, "T").is_none());
}

#[test]
fn another_loopback_address_is_another_way_in() {
    // 127.0.0.2 stands for a second address of this host: the client reached it, so that is what it is given.
    let server = start("");
    let mut broker = server.connect();
    Broker::new("a", 0, "192.0.2.1:10911")
        .with("ferroListen", "0.0.0.0:10911")
        .register(&mut broker);
    let port = server.address.port();
    let mut client = crate::support::Client::connect(([127, 0, 0, 2], port).into());
    assert_eq!(shown(&mut client), "127.0.0.2:10911");
}

#[test]
fn a_fixed_address_is_given_to_everybody() {
    let server = start("");
    let mut client = server.connect();
    Broker::new("a", 0, "192.0.2.1:10911").register(&mut client);
    assert_eq!(shown(&mut client), "192.0.2.1:10911");
}
