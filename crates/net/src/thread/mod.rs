//! One network thread: what belongs to it, what a service is given of it, and how other threads reach it.

mod context;
mod local;
mod net_thread;
mod run;
mod shared;
mod sweep;
mod timer;

pub use context::{ThreadContext, ThreadHandle};
pub(crate) use local::Local;
pub(crate) use net_thread::NetThread;
pub(crate) use run::{Plan, run};
pub(crate) use shared::{Census, Letter, Shared};
