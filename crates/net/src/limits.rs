//! Everything a network thread limits, in one place.

use std::time::Duration;

/// Limits of connections. The defaults are RocketMQ's where it has one.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Most connections of the whole server; a connection beyond it is closed at once.
    pub connections_max: usize,
    /// A connection on which nothing was read or written for so long is closed (RocketMQ:
    /// `serverChannelMaxIdleTimeSeconds`, 120 s).
    pub idle: Duration,
    /// A client that takes nothing of what is written to it for so long is closed.
    pub stalled: Duration,
    /// Bytes of replies waiting for one connection beyond which no more of its requests are handled before the end
    /// of the turn.
    pub out_bytes_max: usize,
    /// The same for a connection whose socket is full: reading from it stops until the client has caught up.
    pub out_bytes_max_stalled: usize,
    /// Bytes of frames and replies after which a turn is ended at once and not at the end of the loop turn.
    pub turn_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 65_536,
            idle: Duration::from_secs(120),
            stalled: Duration::from_secs(30),
            out_bytes_max: 1024 * 1024,
            out_bytes_max_stalled: 64 * 1024,
            turn_bytes_max: 512 * 1024,
        }
    }
}
