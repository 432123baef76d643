//! Delay levels: messages that become visible later.
//!
//! A delayed message is stored in the schedule topic, in the queue of its level, with its time of delivery in the queue
//! entry. One thread delivers: it sleeps until the next message is due, or until somebody rings the bell because a
//! new one was stored, and sleeps for ever while there is none.

mod bell;
mod delivery;
mod levels;
mod progress;
mod worker;

pub(crate) use bell::DelayBell;
pub(crate) use levels::DelayQueues;
pub(crate) use worker::{DelayParts, DelayStartError, DelayWorker};
