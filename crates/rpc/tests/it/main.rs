//! Behaviour of channels and pools against small servers in the test itself.
#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

mod channel;
mod pool;
mod server;
