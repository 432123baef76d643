//! The server side of connections: listeners, network threads, connections, and the [`Service`] a role implements.
//!
//! A network thread is one std thread with a Tokio local runtime. It owns its connections and one instance of every
//! role's service, and nothing on the way of a request leaves it: a frame is handed to the service inline, straight
//! out of the thread's read buffer, and all that one loop turn produced is committed and written once, at its end.
//!
//! This crate knows frames but no headers, no request codes and no topics. Reading order: [`Service`] and [`Role`]
//! (what a role provides), [`Connection`] and [`ThreadContext`] (what it is given), [`Server`] (what starts it all).

mod accept;
mod complaints;
mod connection;
mod detect;
mod host;
mod limits;
mod server;
mod service;
mod thread;

pub use accept::SocketOptions;
pub use complaints::Complaints;
pub use connection::{ConnHandle, ConnId, Connection};
pub use ferromq_wire::frame::FrameRef;
pub use host::{HostAddress, host_addresses, outward_ip};
pub use limits::Limits;
pub use server::{Listener, Server, ServerBuilder, StartError};
pub use service::{Role, Service};
pub use thread::{ThreadContext, ThreadHandle};
