//! What is known to be on the disk: RocketMQ's `checkpoint` file, the `abort` marker, and a checkpoint of our own from
//! which a start needs to read only the newest part of the log.

mod abort;
mod java;
mod own;

pub(crate) use abort::AbortMarker;
pub(crate) use java::JavaCheckpoint;
pub(crate) use own::{Checkpoint, QueueMark};
