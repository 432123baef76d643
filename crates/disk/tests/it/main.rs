//! Behaviour of the disk crate on real files.

#![allow(
    clippy::unwrap_used,
    reason = "a failed step fails the test, also in its helpers"
)]

mod crash_states;
mod crashsafe;
mod files;
mod reserve;
