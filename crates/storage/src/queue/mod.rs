//! Consume queues: for every message of a queue one entry of 20 bytes, found by counting.
//!
//! Reading order: [`entry`] (the 20 bytes), [`tail`] (the newest entries, in memory), [`handle`] (a queue as the broker
//! holds it), [`table`] (all queues by name), [`files`] (the entries on disk), [`load`] (what the files of a queue
//! say at start).

mod entry;
mod files;
mod handle;
mod load;
mod open_files;
mod table;
mod tail;

pub use entry::{ENTRY_BYTES, Entry};
pub(crate) use files::QueueFiles;
pub use handle::Queue;
pub(crate) use load::load_queue;
pub(crate) use table::Queues;
