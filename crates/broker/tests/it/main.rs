//! Behaviour of the broker over real sockets and a real disk.
#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

mod admin;
mod allocation;
mod announce;
mod bad_input;
mod batch;
mod cold_reads;
mod compatibility;
mod delay;
mod disk_trouble;
mod gated_disk;
mod locks;
mod long_poll;
mod members;
mod offsets;
mod pull;
mod queries;
mod reply;
mod restart;
mod send;
mod send_back;
mod support;
