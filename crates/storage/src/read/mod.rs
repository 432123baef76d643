//! Reading: messages of a queue, and messages by time.
//!
//! Reading order: [`types`] (what is asked and answered), [`entries`] (queue entries from memory or file), [`pull`]
//! (the messages of a queue), [`damage`] (those that cannot be served), [`time`] (which message belongs to a moment).

mod damage;
mod entries;
mod pool;
mod pull;
mod time;
mod types;

pub(crate) use damage::Damage;
pub(crate) use entries::Entries;
pub(crate) use pool::ReadPool;
pub(crate) use pull::{Pull, fits};
pub(crate) use time::TimeSearch;
pub use types::{Boundary, Reach, ReadLimits, ReadOutcome, ReadStatus};
