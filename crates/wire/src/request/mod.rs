//! Typed request and response headers: each declared once, read from and written to either codec.
//!
//! The hot ones ([`SendRequest`], [`PullRequest`], [`UpdateConsumerOffsetRequest`]) borrow from the frame; the others own
//! their values.

mod admin;
mod broker;
mod macros;
mod namesrv;
mod offset;
mod pop;
mod pull;
mod send;
mod server;

pub use admin::*;
pub use broker::*;
pub use namesrv::*;
pub use offset::*;
pub use pop::*;
pub use pull::{PullRequest, PullResponseHeader, pull_flag};
pub use send::{SendRequest, SendResponseHeader};
pub use server::*;
