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
    /// A client that takes nothing of what is written to it for so long is closed; so is one that has begun a frame
    /// so long ago and has sent less of it than one KiB for every second.
    pub stalled: Duration,
    /// Bytes of replies waiting for one connection beyond which no more of its requests are handled before the end
    /// of the turn.
    pub out_bytes_pause: usize,
    /// The same for a connection whose socket is full: reading from it stops until the client has caught up.
    pub out_bytes_pause_stalled: usize,
    /// Bytes of replies waiting for one connection beyond which it is given up and closed.
    pub out_bytes_max: usize,
    /// Bytes of frames and replies after which a turn is ended at once and not when all ready connections were read.
    pub turn_bytes_max: usize,
}

/// Slowest pace, in bytes per second, at which a begun frame may arrive.
pub(crate) const FRAME_BYTES_PER_SECOND_MIN: usize = 1024;

/// Longest time between two looks for idle connections.
const TICK_MAX: Duration = Duration::from_secs(10);
/// Shortest, so that limits set to nothing do not make a busy loop.
const TICK_MIN: Duration = Duration::from_millis(5);

impl Limits {
    /// Time between two looks for idle and stalled connections; both are found this much late at most.
    pub(crate) fn tick(&self) -> Duration {
        (self.idle.min(self.stalled) / 3).clamp(TICK_MIN, TICK_MAX)
    }

    /// `time` in ticks, rounded up.
    pub(crate) fn ticks(&self, time: Duration) -> u32 {
        let ticks = time.as_nanos().div_ceil(self.tick().as_nanos());
        u32::try_from(ticks).unwrap_or(u32::MAX)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 65_536,
            idle: Duration::from_secs(120),
            stalled: Duration::from_secs(20),
            out_bytes_pause: 1024 * 1024,
            out_bytes_pause_stalled: 64 * 1024,
            out_bytes_max: 64 * 1024 * 1024,
            turn_bytes_max: 512 * 1024,
        }
    }
}
