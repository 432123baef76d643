//! Ids, offsets, clock and marks that every FerroMQ crate shares.
//!
//! Nothing here knows about messages, files or sockets. Reading order: [`offset`] (positions as types),
//! [`clock`] (the only way to learn the time), [`mark`] (a number that only grows, and whom to tell),
//! [`limits`] (sizes that several crates must agree on).

pub mod clock;
pub mod limits;
pub mod mark;
pub mod offset;

pub use clock::{Clock, Millis, SteadyClock, SystemClock};
pub use mark::Mark;
pub use offset::{LogOffset, QueueId, QueueOffset};
