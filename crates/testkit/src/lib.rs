//! Test support that several crates share.
//!
//! [`SimDisk`]: a disk in memory that fails, fills up, and forgets at a power cut what was not synced.

pub mod sim_disk;

pub use sim_disk::{Fault, Op, SimDisk, Unsynced};
