//! What happens when a store is opened: find out where the log ends, and bring queues and index to the same point.
//!
//! Reading order: [`start`] (from where to read the log, and what the queues know already), [`replay`] (entries from
//! records), [`aside`] (keeps what is cut off), [`recovery`] (the whole).

mod aside;
mod recovery;
mod replay;
mod start;

pub(crate) use recovery::{Recovered, Recovery};
