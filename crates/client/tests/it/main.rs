//! Behaviour of producers and consumers against scripted name servers and brokers.
#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

mod consuming;
mod fake;
mod sending;
