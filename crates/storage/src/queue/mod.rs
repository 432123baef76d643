//! Consume queues: for every message of a queue one entry of 20 bytes, found by counting.
//!
//! Reading order: [`entry`] (the 20 bytes), [`tail`] (the newest entries, in memory), [`handle`] (a queue as the broker
//! holds it), [`table`] (all queues by name), [`files`] (the entries on disk).

mod entry;
mod handle;
mod tail;

pub use entry::{ENTRY_BYTES, Entry};
pub use handle::Queue;
