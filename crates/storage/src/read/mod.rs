//! Reading: messages of a queue, and messages by time.
//!
//! Reading order: [`types`] (what is asked and answered), [`entries`] (queue entries from memory or file), [`pull`]
//! (the messages of a queue), [`time`] (which message belongs to a moment).

mod entries;
mod pull;
mod time;
mod types;

pub(crate) use entries::Entries;
pub(crate) use pull::Pull;
pub(crate) use time::TimeSearch;
pub use types::{Boundary, ReadLimits, ReadOutcome, ReadStatus};
