//! Every rule of the choice, each with a broker, a client, and the address the client must get.

use super::*;

fn ends(local: &str, peer: &str) -> Ends {
    let address = |ip: &str| SocketAddr::new(ip.parse().unwrap(), 1);
    Ends::new(address(local), address(peer))
}

/// `broker` and `client` are (local, peer) as the name server sees them.
struct Case {
    why: &'static str,
    addr: &'static str,
    listen: Option<&'static str>,
    addrs: Option<&'static str>,
    broker: (&'static str, &'static str),
    client: (&'static str, &'static str),
    expected: &'static str,
}

const LOOP: (&str, &str) = ("127.0.0.1", "127.0.0.1");
const ANY: Option<&str> = Some("0.0.0.0:10911");

#[rustfmt::skip]
const CASES: &[Case] = &[
    Case { why: "fixed address is left alone", addr: "203.0.113.5:10911", listen: None, addrs: None,
        broker: LOOP, client: ("10.0.0.1", "10.0.0.9"), expected: "203.0.113.5:10911" },
    Case { why: "standalone, local client", addr: "10.0.0.1:10911", listen: ANY, addrs: None,
        broker: LOOP, client: LOOP, expected: "127.0.0.1:10911" },
    Case { why: "standalone, client of one network", addr: "10.0.0.1:10911", listen: ANY, addrs: None,
        broker: LOOP, client: ("10.0.0.1", "10.0.0.9"), expected: "10.0.0.1:10911" },
    Case { why: "standalone, client of another network", addr: "10.0.0.1:10911", listen: ANY, addrs: None,
        broker: LOOP, client: ("192.168.1.1", "192.168.7.9"), expected: "192.168.1.1:10911" },
    Case { why: "same host, registered over its own address", addr: "10.0.0.1:10911", listen: ANY, addrs: None,
        broker: ("10.0.0.1", "10.0.0.1"), client: LOOP, expected: "127.0.0.1:10911" },
    Case { why: "the port is the broker's", addr: "10.0.0.1:1", listen: Some("0.0.0.0:20911"), addrs: None,
        broker: LOOP, client: LOOP, expected: "127.0.0.1:20911" },
    Case { why: "bound to one address", addr: "10.0.0.1:10911", listen: Some("10.0.0.1:10911"), addrs: None,
        broker: LOOP, client: ("192.168.1.1", "192.168.7.9"), expected: "10.0.0.1:10911" },
    Case { why: "client over IPv6, broker on IPv4 only", addr: "10.0.0.1:10911", listen: ANY, addrs: Some("10.0.0.1/8"),
        broker: LOOP, client: ("fd00::1", "fd00::2"), expected: "10.0.0.1:10911" },
    Case { why: "client over IPv6, broker on both", addr: "10.0.0.1:10911", listen: Some("[::]:10911"), addrs: None,
        broker: LOOP, client: ("fd00::1", "fd00::2"), expected: "[fd00::1]:10911" },
    Case { why: "mapped IPv4 is IPv4", addr: "10.0.0.1:10911", listen: ANY, addrs: None,
        broker: ("::ffff:127.0.0.1", "::ffff:127.0.0.1"), client: ("::ffff:10.0.0.1", "::ffff:10.0.0.9"),
        expected: "10.0.0.1:10911" },
    Case { why: "remote broker, no list: where it came from", addr: "1.2.3.4:10911", listen: ANY, addrs: None,
        broker: ("10.0.0.1", "10.0.0.2"), client: ("10.0.0.1", "10.0.0.9"), expected: "10.0.0.2:10911" },
    Case { why: "remote broker, client on its host", addr: "10.0.0.2:10911", listen: ANY, addrs: Some("10.0.0.2/24,192.168.1.2/24"),
        broker: ("10.0.0.1", "10.0.0.2"), client: ("192.168.1.1", "192.168.1.2"), expected: "192.168.1.2:10911" },
    Case { why: "remote broker, client in its second network", addr: "10.0.0.2:10911", listen: ANY, addrs: Some("10.0.0.2/24,192.168.1.2/24"),
        broker: ("10.0.0.1", "10.0.0.2"), client: ("192.168.9.1", "192.168.1.77"), expected: "192.168.1.2:10911" },
    Case { why: "the smaller network wins, the first of equals", addr: "10.0.0.2:1", listen: ANY, addrs: Some("10.0.0.2/8,10.1.0.2/16,10.1.0.3/16"),
        broker: ("10.0.0.1", "10.0.0.2"), client: ("10.0.0.1", "10.1.0.9"), expected: "10.1.0.2:10911" },
    Case { why: "remote broker, client of a third network", addr: "1.2.3.4:10911", listen: ANY, addrs: Some("10.0.0.2/24"),
        broker: ("10.0.0.1", "10.0.0.2"), client: ("172.16.0.1", "172.16.0.9"), expected: "10.0.0.2:10911" },
    Case { why: "NAT in between: as registered", addr: "1.2.3.4:10911", listen: ANY, addrs: Some("172.17.0.2/16"),
        broker: ("10.0.0.1", "10.0.0.2"), client: ("10.0.0.1", "10.0.0.9"), expected: "1.2.3.4:10911" },
    Case { why: "client beside the name server, broker remote", addr: "10.0.0.2:10911", listen: ANY, addrs: Some("10.0.0.2/24"),
        broker: ("10.0.0.1", "10.0.0.2"), client: LOOP, expected: "10.0.0.2:10911" },
    Case { why: "unreadable fields count as absent", addr: "10.0.0.2:10911", listen: Some("what"), addrs: Some("10.0.0.2/99,x,127.0.0.1/8"),
        broker: LOOP, client: LOOP, expected: "10.0.0.2:10911" },
    Case { why: "fixed loopback, local client", addr: "127.0.0.1:10911", listen: None, addrs: None,
        broker: LOOP, client: LOOP, expected: "127.0.0.1:10911" },
    Case { why: "fixed loopback, remote client, broker here", addr: "127.0.0.1:10911", listen: None, addrs: None,
        broker: LOOP, client: ("10.0.0.1", "10.0.0.9"), expected: "10.0.0.1:10911" },
    Case { why: "localhost is loopback", addr: "localhost:10911", listen: None, addrs: None,
        broker: LOOP, client: ("10.0.0.1", "10.0.0.9"), expected: "10.0.0.1:10911" },
    Case { why: "fixed loopback, broker elsewhere", addr: "127.0.0.1:10911", listen: None, addrs: None,
        broker: ("10.0.0.1", "10.0.0.2"), client: ("10.0.0.1", "10.0.0.9"), expected: "10.0.0.2:10911" },
    Case { why: "fixed loopback, client on the broker's host", addr: "127.0.0.1:10911", listen: None, addrs: None,
        broker: ("10.0.0.1", "10.0.0.2"), client: ("10.0.0.1", "10.0.0.2"), expected: "127.0.0.1:10911" },
    Case { why: "bound to loopback, remote client", addr: "127.0.0.1:10911", listen: Some("127.0.0.1:10911"), addrs: None,
        broker: LOOP, client: ("10.0.0.1", "10.0.0.9"), expected: "10.0.0.1:10911" },
    Case { why: "a name is left alone", addr: "broker.example:10911", listen: None, addrs: None,
        broker: LOOP, client: ("10.0.0.1", "10.0.0.9"), expected: "broker.example:10911" },
];

#[test]
fn each_client_gets_an_address_it_can_reach() {
    for case in CASES {
        let broker = ends(case.broker.0, case.broker.1);
        let announced = Announced::new(case.addr, case.listen, case.addrs, broker);
        let client = ends(case.client.0, case.client.1);
        assert_eq!(announced.address_for(client), case.expected, "{}", case.why);
    }
}

#[test]
fn the_list_is_bounded() {
    let many = vec!["10.0.0.1/8"; 1000].join(",");
    let announced = Announced::new("a:1", ANY, Some(&many), ends("10.0.0.1", "10.0.0.2"));
    assert_eq!(announced.interfaces.len(), INTERFACES_MAX);
}
