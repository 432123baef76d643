//! The name server: brokers register, clients ask for routes.
//!
//! Several name servers know nothing of each other; everything but the key-value settings is lost with the process and
//! comes back with the brokers' next registration. Reading order: [`table`] (the routing table, pure), [`announced`]
//! (which address of a broker a client is given), [`NameServer`] (what the network threads share), `service` (one
//! thread), `handlers` (one function for each request), [`kv`] (key-value settings and their file).

pub mod announced;
mod answer;
mod handlers;
pub mod kv;
mod name_server;
mod saver;
mod service;
pub mod table;

pub use name_server::{NameServer, OpenError};
