//! Which address of a broker a client is given.
//!
//! A broker that has no fixed address says so with two extra fields of its registration: `ferroListen`, the address its
//! socket is bound to, and `ferroAddrs`, the addresses of its host with prefix lengths. The name server then chooses
//! for each client by what it knows of both connections.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Most addresses of `ferroAddrs` that are kept.
const INTERFACES_MAX: usize = 16;

/// Both ends of a connection to the name server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// IP of this host that the peer connected to.
    pub local: IpAddr,
    /// IP of the peer.
    pub peer: IpAddr,
}

impl Ends {
    /// The ends of a connection; IPv4-mapped IPv6 addresses become IPv4.
    #[must_use]
    pub fn new(local: SocketAddr, peer: SocketAddr) -> Self {
        Self {
            local: local.ip().to_canonical(),
            peer: peer.ip().to_canonical(),
        }
    }

    /// Whether the peer is on this very host: then both ends are loopback or the same.
    #[must_use]
    pub fn same_host(&self) -> bool {
        self.peer.is_loopback() || self.peer == self.local
    }
}

/// An address of a host and the length of its network's prefix in bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Interface {
    ip: IpAddr,
    prefix: u8,
}

impl Interface {
    /// Reads `ip/prefix`.
    fn parse(text: &str) -> Option<Self> {
        let (ip, prefix) = text.split_once('/')?;
        let (ip, prefix): (IpAddr, u8) = (ip.parse().ok()?, prefix.parse().ok()?);
        let ip = ip.to_canonical();
        let longest = if ip.is_ipv4() { 32 } else { 128 };
        let is_useful = !ip.is_loopback() && !ip.is_unspecified() && prefix <= longest;
        is_useful.then_some(Self { ip, prefix })
    }

    /// Whether `ip` is in the same network.
    fn contains(&self, ip: IpAddr) -> bool {
        let differ = match (self.ip, ip) {
            (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
            (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
            _ => return false,
        };
        u32::from(self.prefix) <= differ
    }
}

/// What a broker announced about its address, and over which connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// `brokerAddr` as registered.
    addr: String,
    /// Where its socket is bound; absent if its address is fixed.
    listen: Option<SocketAddr>,
    /// Addresses of its host, best first.
    interfaces: Vec<Interface>,
    /// The connection it registered over.
    ends: Ends,
}

impl Announced {
    /// What was announced with `brokerAddr`, `ferroListen` and `ferroAddrs`. Extra fields that cannot be read count as
    /// absent.
    #[must_use]
    pub fn new(addr: &str, listen: Option<&str>, addrs: Option<&str>, ends: Ends) -> Self {
        let interfaces = addrs.unwrap_or_default().split(',').take(INTERFACES_MAX);
        Self {
            addr: addr.to_owned(),
            listen: listen.and_then(|listen| listen.parse().ok()),
            interfaces: interfaces
                .filter_map(|text| Interface::parse(text.trim()))
                .collect(),
            ends,
        }
    }

    /// The address for a client with these ends.
    #[must_use]
    pub fn address_for(&self, client: Ends) -> Cow<'_, str> {
        let chosen = match self.listen {
            Some(listen) => self.choose(listen, client),
            None => Cow::Borrowed(self.addr.as_str()),
        };
        match self.instead_of_loopback(&chosen, client) {
            Some(address) => Cow::Owned(address.to_string()),
            None => chosen,
        }
    }

    /// The choice for a broker that may be given any address of its host.
    fn choose(&self, listen: SocketAddr, client: Ends) -> Cow<'_, str> {
        let bound = listen.ip().to_canonical();
        if !bound.is_unspecified() {
            return Cow::Owned(SocketAddr::new(bound, listen.port()).to_string());
        }
        let candidates = [
            self.ends.same_host().then_some(client.local),
            self.own_address(client.peer),
            self.in_network_of(client.peer),
            self.seen_from_here(),
        ];
        let fits = |ip: &IpAddr| can_accept(listen.ip(), *ip);
        match candidates.into_iter().flatten().find(fits) {
            Some(ip) => Cow::Owned(SocketAddr::new(ip, listen.port()).to_string()),
            None => Cow::Borrowed(&self.addr),
        }
    }

    /// The client's own IP if the client is on the broker's host.
    fn own_address(&self, client: IpAddr) -> Option<IpAddr> {
        let is_ours = self.interfaces.iter().any(|own| own.ip == client);
        let is_peer = client == self.ends.peer && !client.is_loopback();
        (is_ours || is_peer).then_some(client)
    }

    /// The broker's address in the smallest network that the client is in, too.
    fn in_network_of(&self, client: IpAddr) -> Option<IpAddr> {
        let near = self.interfaces.iter().filter(|own| own.contains(client));
        // The first of equals is the best one; `max_by_key` takes the last.
        near.rev().max_by_key(|own| own.prefix).map(|own| own.ip)
    }

    /// The IP it registered from, unless something in between translates addresses.
    fn seen_from_here(&self) -> Option<IpAddr> {
        let peer = self.ends.peer;
        let is_own = self.interfaces.is_empty() || self.interfaces.iter().any(|own| own.ip == peer);
        is_own.then_some(peer)
    }

    /// A loopback address is of no use to a client elsewhere, whoever registered it: what such a client gets instead.
    fn instead_of_loopback(&self, chosen: &str, client: Ends) -> Option<SocketAddr> {
        let chosen = loopback(chosen)?;
        let ip = match (self.ends.same_host(), client.same_host()) {
            (true, true) => return None,
            (true, false) => client.local,
            // A client on the broker's host reaches it by loopback.
            (false, _) if client.peer == self.ends.peer => return None,
            (false, _) => self.ends.peer,
        };
        let fits = ip.is_ipv4() == chosen.is_ipv4() && !ip.is_unspecified();
        fits.then(|| SocketAddr::new(ip, chosen.port()))
    }
}

/// The address, if it is a loopback one.
fn loopback(text: &str) -> Option<SocketAddr> {
    if let Some(port) = text.strip_prefix("localhost:") {
        return Some(SocketAddr::new(
            Ipv4Addr::LOCALHOST.into(),
            port.parse().ok()?,
        ));
    }
    let address: SocketAddr = text.parse().ok()?;
    address.ip().to_canonical().is_loopback().then_some(address)
}

/// Whether a socket bound to the unspecified address `bound` accepts connections to `ip`. `[::]` accepts both families.
fn can_accept(bound: IpAddr, ip: IpAddr) -> bool {
    let both = bound == IpAddr::V6(Ipv6Addr::UNSPECIFIED);
    (both || bound.is_ipv4() == ip.is_ipv4()) && !ip.is_unspecified()
}

#[cfg(test)]
mod tests;
