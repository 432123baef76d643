//! Under which address a broker is announced.
//!
//! If an operator set one, it is that, and nothing else is said. Otherwise the registration also carries what the socket
//! is bound to and the addresses of the host, so that the name server can tell every client the one that it can reach;
//! the announced address is then only for name servers that do not choose.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ferromq_net::{HostAddress, host_addresses, outward_ip};

/// Most addresses of the host that are told.
const ADDRESSES_MAX: usize = 16;

/// What is known about the broker's addresses.
#[derive(Clone, Debug)]
pub(super) struct Addresses {
    /// `brokerIP1`, if an operator set it: an IP address or a host name.
    fixed: Option<String>,
    /// What the broker's socket is bound to, with the real port.
    bound: SocketAddr,
    /// The address from which this host reaches the outside.
    outward: Option<IpAddr>,
    /// Addresses of this host, the best first.
    host: Vec<HostAddress>,
}

/// What a registration says about addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Announced {
    /// `brokerAddr`.
    pub(super) broker_addr: String,
    /// `ferroListen`: the name server may choose another address.
    pub(super) listen: Option<String>,
    /// `ferroAddrs`.
    pub(super) addresses: Option<String>,
}

impl Addresses {
    /// Looks at this host, for a broker that listens at `bound`.
    pub(super) fn of_host(fixed: Option<&str>, bound: SocketAddr) -> Self {
        let outward = outward_ip(false).or_else(|| bound.is_ipv6().then(|| outward_ip(true))?);
        Self::new(fixed, bound, outward, host_addresses())
    }

    fn new(
        fixed: Option<&str>,
        bound: SocketAddr,
        outward: Option<IpAddr>,
        mut host: Vec<HostAddress>,
    ) -> Self {
        host.retain(|address| bound.is_ipv6() || address.ip.is_ipv4());
        host.sort_by_key(|address| Some(address.ip) != outward);
        host.truncate(ADDRESSES_MAX);
        let fixed = fixed.map(str::trim).filter(|ip| !ip.is_empty());
        Self {
            fixed: fixed.map(str::to_owned),
            bound,
            outward,
            host,
        }
    }

    /// The address that message ids begin with: the one the broker has without looking at a connection. `None` if the
    /// operator's is a name.
    pub(super) fn own(&self) -> Option<SocketAddr> {
        match &self.fixed {
            Some(ip) => Some(SocketAddr::new(bare(ip).parse().ok()?, self.bound.port())),
            None => Some(SocketAddr::new(self.ip(None), self.bound.port())),
        }
    }

    /// What to say over a connection to a name server whose own end is `local`.
    pub(super) fn announced(&self, local: Option<SocketAddr>) -> Announced {
        let port = self.bound.port();
        if let Some(fixed) = &self.fixed {
            return Announced {
                broker_addr: with_port(fixed, port),
                listen: None,
                addresses: None,
            };
        }
        let host = self
            .host
            .iter()
            .map(|address| format!("{}/{}", address.ip, address.prefix));
        let host: Vec<String> = host.collect();
        Announced {
            broker_addr: SocketAddr::new(self.ip(local), port).to_string(),
            listen: Some(self.bound.to_string()),
            addresses: (!host.is_empty()).then(|| host.join(",")),
        }
    }

    /// The address the broker is bound to; else its end of the connection, since the name server's clients are likely to
    /// reach it by that; else the one it reaches the outside from; else loopback, which is right on a host without network.
    fn ip(&self, local: Option<SocketAddr>) -> IpAddr {
        if !self.bound.ip().is_unspecified() {
            return self.bound.ip();
        }
        let local = local.map(|local| local.ip().to_canonical());
        local
            .filter(|ip| !ip.is_loopback() && self.accepts(*ip))
            .or(self.outward)
            .or_else(|| self.host.first().map(|address| address.ip))
            .unwrap_or_else(|| self.loopback())
    }

    /// Whether connections to an address of this family arrive.
    fn accepts(&self, ip: IpAddr) -> bool {
        ip.is_ipv4() || self.bound.is_ipv6()
    }

    fn loopback(&self) -> IpAddr {
        if self.bound.is_ipv6() {
            Ipv6Addr::LOCALHOST.into()
        } else {
            Ipv4Addr::LOCALHOST.into()
        }
    }
}

/// An IPv6 address without its brackets.
fn bare(ip: &str) -> &str {
    let inner = ip.strip_prefix('[').and_then(|ip| ip.strip_suffix(']'));
    inner.unwrap_or(ip)
}

/// `host:port`, an IPv6 address in brackets.
pub(super) fn with_port(host: &str, port: u16) -> String {
    match bare(host).parse() {
        Ok(ip) => SocketAddr::new(ip, port).to_string(),
        Err(_) => format!("{host}:{port}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(fixed: Option<&str>, bound: &str, outward: Option<&str>) -> Addresses {
        let host = [("10.8.0.3", 16), ("192.168.1.7", 24), ("2001:db8::7", 64)];
        let host = host.map(|(ip, prefix)| HostAddress {
            ip: ip.parse().unwrap(),
            prefix,
        });
        let outward = outward.map(|ip| ip.parse().unwrap());
        Addresses::new(fixed, bound.parse().unwrap(), outward, host.to_vec())
    }

    #[test]
    fn a_set_address_is_announced_and_nothing_else() {
        for (fixed, expected) in [
            ("203.0.113.5", "203.0.113.5:10911"),
            (" broker.example ", "broker.example:10911"),
            ("2001:db8::5", "[2001:db8::5]:10911"),
            ("[2001:db8::5]", "[2001:db8::5]:10911"),
        ] {
            let announced = addresses(Some(fixed), "0.0.0.0:10911", None).announced(None);
            assert_eq!(announced.broker_addr, expected);
            assert_eq!((announced.listen, announced.addresses), (None, None));
        }
    }

    #[test]
    fn without_one_the_name_server_is_told_what_there_is() {
        let addresses = addresses(Some(""), "0.0.0.0:10911", Some("192.168.1.7"));
        let announced = addresses.announced(Some("10.8.0.3:5555".parse().unwrap()));
        assert_eq!(announced.broker_addr, "10.8.0.3:10911");
        assert_eq!(announced.listen.as_deref(), Some("0.0.0.0:10911"));
        assert_eq!(
            announced.addresses.as_deref(),
            Some("192.168.1.7/24,10.8.0.3/16")
        );
        assert_eq!(addresses.own(), Some("192.168.1.7:10911".parse().unwrap()));
    }

    #[test]
    fn the_announced_address_is_the_best_that_is_known() {
        for (bound, local, outward, expected) in [
            (
                "0.0.0.0:1",
                Some("127.0.0.1:5"),
                Some("192.168.1.7"),
                "192.168.1.7:1",
            ),
            (
                "0.0.0.0:1",
                Some("[2001:db8::7]:5"),
                Some("192.168.1.7"),
                "192.168.1.7:1",
            ),
            (
                "[::]:1",
                Some("[2001:db8::7]:5"),
                Some("192.168.1.7"),
                "[2001:db8::7]:1",
            ),
            ("[::]:1", Some("[::ffff:10.8.0.3]:5"), None, "10.8.0.3:1"),
            ("0.0.0.0:1", None, None, "10.8.0.3:1"),
            (
                "127.0.0.1:1",
                Some("10.8.0.3:5"),
                Some("192.168.1.7"),
                "127.0.0.1:1",
            ),
            (
                "172.16.0.9:1",
                Some("127.0.0.1:5"),
                Some("192.168.1.7"),
                "172.16.0.9:1",
            ),
        ] {
            let local = local.map(|local| local.parse().unwrap());
            let announced = addresses(None, bound, outward).announced(local);
            assert_eq!(
                announced.broker_addr, expected,
                "{bound} {local:?} {outward:?}"
            );
        }
        let alone = Addresses::new(None, "0.0.0.0:1".parse().unwrap(), None, Vec::new());
        assert_eq!(alone.announced(None).broker_addr, "127.0.0.1:1");
    }
}
