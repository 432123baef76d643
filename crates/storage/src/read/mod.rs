//! Reading: messages of a queue, one record, by time, by key.

mod types;

pub use types::{Boundary, ReadLimits, ReadOutcome, ReadStatus};
