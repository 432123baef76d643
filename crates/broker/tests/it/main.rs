//! Behaviour of the broker over real sockets and a real disk.

mod allocation;
mod bad_input;
mod batch;
mod compatibility;
mod delay;
mod disk_trouble;
mod gated_disk;
mod long_poll;
mod pull;
mod queries;
mod reply;
mod restart;
mod send;
mod send_back;
mod support;
