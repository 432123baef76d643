//! From the network keys of a configuration to listeners and limits.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZero;

use ferromq_config::NetConfig;
use ferromq_net::{Limits, Listener, SocketOptions, StartError};

use crate::failure::Failure;

/// Parses `bindAddress`.
pub(crate) fn bind_address(text: &str) -> Result<IpAddr, Failure> {
    text.trim()
        .parse()
        .map_err(|_| Failure::BindAddress(text.to_owned()))
}

/// Binds the port of `role`; a taken port is told with its `cure`, the option or key that chooses another one.
pub(crate) fn bind(
    address: SocketAddr,
    config: &NetConfig,
    role: &'static str,
    cure: &'static str,
) -> Result<Listener, Failure> {
    Listener::bind_with(address, &socket_options(config)).map_err(|error| match error {
        StartError::Bind { source, .. } if source.kind() == io::ErrorKind::AddrInUse => {
            Failure::PortInUse {
                port: address.port(),
                role,
                cure,
            }
        }
        error => error.into(),
    })
}

fn socket_options(config: &NetConfig) -> SocketOptions {
    let bytes = |bytes: u64| usize::try_from(bytes).ok().filter(|bytes| *bytes > 0);
    SocketOptions {
        backlog: config.socket_backlog,
        send_buffer_bytes: bytes(config.socket_send_buffer),
        receive_buffer_bytes: bytes(config.socket_receive_buffer),
    }
}

/// Number of network threads: as configured, else one per processor.
pub(crate) fn threads(config: &NetConfig) -> NonZero<usize> {
    let configured = NonZero::new(config.network_threads as usize);
    configured
        .or_else(|| std::thread::available_parallelism().ok())
        .unwrap_or(NonZero::<usize>::MIN)
}

/// Limits of connections.
pub(crate) fn limits(config: &NetConfig) -> Limits {
    let defaults = Limits::default();
    let unsent = usize::try_from(config.max_unsent_bytes).unwrap_or(usize::MAX);
    Limits {
        connections_max: config.max_connections as usize,
        idle: config.channel_max_idle,
        out_bytes_pause: defaults.out_bytes_pause.min(unsent),
        out_bytes_pause_stalled: defaults.out_bytes_pause_stalled.min(unsent),
        out_bytes_max: unsent,
        ..defaults
    }
}

/// An address by which this host itself reaches a socket bound to `address`.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
