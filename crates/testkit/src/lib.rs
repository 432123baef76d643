//! Test support that several crates share.
//!
//! [`CountingAllocator`]: proves that a path allocates nothing.
//! [`SimDisk`]: a disk in memory that fails, fills up, and forgets at a power cut what was not synced.

pub mod counting;
pub mod sim_disk;

pub use counting::CountingAllocator;
pub use sim_disk::{Fault, Op, SimDisk, Unsynced};
