//! What pulls, retries and long polls share.

mod announcements;
mod arrivals;
mod cold_reads;
mod fair_line;
mod held_pulls;
mod parked;
mod read;
pub(crate) mod retry;
mod subscriptions;

pub(crate) use announcements::Announcements;
pub(crate) use arrivals::{Arrivals, Listener};
pub(crate) use cold_reads::ColdReads;
pub(crate) use held_pulls::HeldPulls;
pub(crate) use read::{Nothing, Pull, PullRead, Read};
pub(crate) use subscriptions::Subscriptions;
