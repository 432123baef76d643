//! Keys of the network layer, the same for every server.

mod idle;

use crate::key::keys;
use crate::kind::{Bytes, Count, Ms, Secs};

pub use idle::NET_IDLE;

keys! {
    /// What the network layer reads.
    pub struct NetConfig {
        "networkThreads" => network_threads: Count = "0", 0..=64, fixed, important;
            "Threads that serve connections; 0 is one per processor. FerroMQ only.";
        "serverChannelMaxIdleTimeSeconds" => channel_max_idle: Secs = "120", 1..=86_400, fixed;
            "A connection without a byte in either direction for this long is closed.";
        "serverSocketBacklog" => socket_backlog: Count = "1024", 1..=65_535, fixed;
            "Connections that may wait to be accepted.";
        "serverSocketSndBufSize" => socket_send_buffer: Bytes = "0", 0..=1_073_741_824, fixed;
            "Send buffer of a socket; 0 leaves it to the system.";
        "serverSocketRcvBufSize" => socket_receive_buffer: Bytes = "0", 0..=1_073_741_824, fixed;
            "Receive buffer of a socket; 0 leaves it to the system.";
        "maxConnections" => max_connections: Count = "65536", 1..=10_000_000, fixed;
            "Most connections at a time; further ones are closed at once. FerroMQ only.";
        "maxUnsentBytesPerConnection" => max_unsent_bytes: Bytes = "67108864", 1_048_576..=4_294_967_296, fixed;
            "A client that leaves more than this many bytes of replies unread is disconnected. FerroMQ only.";
        "shutdownTimeoutMills" => shutdown_timeout: Ms = "3000", 0..=600_000, fixed;
            "Longest wait for replies in flight when the server stops. FerroMQ only.";
    }
}
