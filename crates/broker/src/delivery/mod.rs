//! What pulls, retries and long polls share.

mod arrivals;
mod held_pulls;
mod parked;
mod read;
pub(crate) mod retry;

pub use arrivals::Arrivals;
pub(crate) use arrivals::Listener;
pub(crate) use held_pulls::HeldPulls;
pub(crate) use read::{Nothing, Pull, PullRead};
