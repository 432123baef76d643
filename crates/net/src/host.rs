//! The addresses of this host: what a server that listens everywhere can tell others to reach it by.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use if_addrs::IfAddr;

/// A port nobody is asked at: the probe sends nothing.
const ANY_PORT: u16 = 9;
/// Addresses that stand for "the outside": of networks that are reserved for examples.
const OUTSIDE_V4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const OUTSIDE_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);

/// An address of this host and the length of its network's prefix in bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostAddress {
    /// The address.
    pub ip: IpAddr,
    /// Length of the prefix in bits.
    pub prefix: u8,
}

/// The address from which this host would reach the outside; `None` without a route. No packet is sent.
#[must_use]
pub fn outward_ip(want_v6: bool) -> Option<IpAddr> {
    let (local, outside): (IpAddr, IpAddr) = if want_v6 {
        (Ipv6Addr::UNSPECIFIED.into(), OUTSIDE_V6.into())
    } else {
        (Ipv4Addr::UNSPECIFIED.into(), OUTSIDE_V4.into())
    };
    let socket = UdpSocket::bind(SocketAddr::new(local, 0)).ok()?;
    socket.connect(SocketAddr::new(outside, ANY_PORT)).ok()?;
    let ip = socket.local_addr().ok()?.ip();
    is_useful(ip).then_some(ip)
}

/// The addresses of the interfaces that are up, without loopback and link-local ones: IPv4 first, else in the order of
/// the system. Empty if the system does not tell.
#[must_use]
pub fn host_addresses() -> Vec<HostAddress> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let mut addresses: Vec<HostAddress> = interfaces
        .iter()
        .filter(|interface| interface.is_oper_up())
        .map(|interface| match &interface.addr {
            IfAddr::V4(v4) => HostAddress {
                ip: v4.ip.into(),
                prefix: v4.prefixlen,
            },
            IfAddr::V6(v6) => HostAddress {
                ip: v6.ip.into(),
                prefix: v6.prefixlen,
            },
        })
        .filter(|address| is_useful(address.ip))
        .collect();
    addresses.sort_by_key(|address| address.ip.is_ipv6());
    addresses
}

/// Whether others can reach this host by the address without knowing which interface is meant.
fn is_useful(ip: IpAddr) -> bool {
    let is_link_local = match ip {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    !(is_link_local || ip.is_loopback() || ip.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_others_can_use_are_named() {
        for address in host_addresses() {
            assert!(is_useful(address.ip), "{address:?}");
            assert!(address.prefix <= if address.ip.is_ipv4() { 32 } else { 128 });
        }
        for (text, expected) in [
            ("127.0.0.1", false),
            ("0.0.0.0", false),
            ("169.254.1.1", false),
            ("10.0.0.1", true),
            ("::1", false),
            ("fe80::1", false),
            ("2001:db8::7", true),
        ] {
            assert_eq!(is_useful(text.parse().unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn the_outward_address_is_one_of_the_host() {
        if let Some(ip) = outward_ip(false) {
            let known = host_addresses();
            assert!(
                known.is_empty() || known.iter().any(|address| address.ip == ip),
                "{ip}"
            );
        }
    }
}
