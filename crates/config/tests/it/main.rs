//! The configuration crate as its users see it.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up should fail"
)]

mod declarations;
mod reading;
mod updating;
