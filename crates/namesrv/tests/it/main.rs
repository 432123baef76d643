//! The name server over real sockets, with frames as they are on the wire.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up should fail"
)]

mod address;
mod compatibility;
mod garbage;
mod liveness;
mod register;
mod route;
mod settings;
mod support;
mod topics;
