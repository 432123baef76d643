//! One network thread: what belongs to it, what a service is given of it, and how other threads reach it.

mod context;
mod local;
mod shared;

pub use context::{ThreadContext, ThreadHandle};
pub(crate) use local::Local;
pub(crate) use shared::{Letter, Shared};
