//! The Rust client against a running server: what a user of the SDK relies on.

mod broadcasting;
mod clustering;
mod consuming;
mod failing;
mod outage;
mod programs;
mod pulling;
mod restart;
mod sending;
mod support;
