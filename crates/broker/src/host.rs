//! The broker's own address, as it is written into messages and message ids.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::OnceLock;

use ferromq_net::Connection;

/// The address a broker writes into its messages.
#[derive(Debug, Default)]
pub struct Host {
    advertised: Option<IpAddr>,
    registered: OnceLock<SocketAddr>,
}

impl Host {
    /// The address of a broker with this `brokerIP1`, if it is set and an IP address.
    #[must_use]
    pub fn new(broker_ip1: Option<&str>) -> Self {
        Self {
            advertised: broker_ip1.and_then(|ip| ip.trim().parse().ok()),
            registered: OnceLock::new(),
        }
    }

    /// Sets the address the broker registers with; the first call counts.
    pub fn set_registered(&self, address: SocketAddr) {
        let _ = self.registered.set(address);
    }

    /// An address that names this host among brokers; loopback if none is known yet.
    pub(crate) fn ip(&self) -> IpAddr {
        let registered = self.registered.get().map(SocketAddr::ip);
        self.advertised
            .or(registered)
            .unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
    }

    /// The address for a message that came over `conn`: the registered one, which has the main port even
    /// if the producer came in by another; before there is one, what operators set or the producer reached.
    pub(crate) fn for_connection(&self, conn: &Connection) -> SocketAddr {
        let local = plain(conn.local());
        match (self.registered.get(), self.advertised) {
            (Some(registered), _) => *registered,
            (None, Some(ip)) => SocketAddr::new(ip, local.port()),
            (None, None) => local,
        }
    }
}

/// The same address, IPv4 written as IPv4 even on a socket for both families.
pub(crate) fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
