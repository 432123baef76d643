//! What a client calls itself, and the source of message ids.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use ferromq_wire::message::id::UniqKeys;

/// Numbers the clients of this process.
static CLIENTS: AtomicU32 = AtomicU32::new(0);

/// Identity of one producer or consumer.
#[derive(Debug)]
pub(crate) struct ClientId {
    /// `<ip>@<instance name>`; brokers tell the members of a group apart by it.
    pub(crate) text: String,
    ip: IpAddr,
    salt: u32,
}

impl ClientId {
    /// The identity with the given instance name, or with one that nobody else has.
    pub(crate) fn new(instance_name: Option<&str>) -> Self {
        let ip = local_ip();
        let number = CLIENTS.fetch_add(1, Ordering::Relaxed);
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let unique = || format!("{}#{}#{number}", std::process::id(), since.as_nanos());
        let instance = instance_name.map_or_else(unique, ToOwned::to_owned);
        Self {
            text: format!("{ip}@{instance}"),
            ip,
            salt: since.subsec_nanos() ^ number.rotate_left(16),
        }
    }

    /// A source of message ids that no other client shares.
    pub(crate) fn unique_keys(&self) -> UniqKeys {
        UniqKeys::new(self.ip, std::process::id(), self.salt)
    }
}

/// The address that this machine uses towards others. Nothing is sent: connecting a datagram socket only picks a route.
fn local_ip() -> IpAddr {
    let probe = || {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
        // A documentation address; any address outside serves.
        socket.connect((Ipv4Addr::new(203, 0, 113, 1), 9)).ok()?;
        Some(socket.local_addr().ok()?.ip())
    };
    probe().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_differ_unless_they_are_named_alike() {
        assert_ne!(ClientId::new(None).text, ClientId::new(None).text);
        let named = ClientId::new(Some("blue"));
        assert_eq!(named.text, ClientId::new(Some("blue")).text);
        assert!(named.text.ends_with("@blue"));
    }
}
