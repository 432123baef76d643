//! Consumer groups: settings, live clients with their subscriptions, queue locks.
//!
//! [`Groups`] keeps what operators set and the disk remembers; [`Members`] knows who is connected now; [`QueueLocks`]
//! says which orderly consumer owns which queue. Pulls read the first two: both hand out immutable snapshots and a
//! generation number that changes with every change, so that a thread may keep what it found.

mod config;
mod file;
mod members;
mod queue_locks;
mod settings;

pub use config::GroupConfig;
pub use members::{
    Client, ConsumeFromWhere, ConsumeStyle, ConsumeType, ConsumerGroup, Joined, Joining, Link,
    Members, MessageModel, Sender, Wants,
};
pub use queue_locks::QueueLocks;
pub use settings::{GROUPS_MAX, Groups};

#[cfg(test)]
mod tests;
