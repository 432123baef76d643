//! Behaviour of the store through its public calls.

#![allow(
    clippy::unwrap_used,
    reason = "a failed step fails the test, also in its helpers"
)]

mod append_and_read;
mod damage;
mod faults;
mod golden;
mod keys;
mod model;
mod reach;
mod recovery;
mod repair;
mod retention;
mod simulation;
mod support;
mod threads;
mod times;
mod unreadable;
mod write_back;
