//! Outgoing remoting calls: connections, correlation of answers, and typed calls to name servers and brokers.
//!
//! Reading order: [`channel`] (one connection, many calls at once), [`channels`] (one channel per address, made when
//! needed and remade when broken), [`name_server`] and [`broker`] (what can be asked there), [`error`] (what can go wrong
//! and whether trying again helps). Ordinary `Send` Tokio code; must run inside a Tokio runtime with I/O and time.

mod answer;
pub mod broker;
pub mod channel;
pub mod channels;
pub mod error;
pub mod name_server;

pub use broker::Broker;
pub use channel::{Channel, ChannelOptions, Incoming, IncomingRequest};
pub use channels::Channels;
pub use error::{CallError, Retry};
pub use name_server::{NameServer, NameServers};
