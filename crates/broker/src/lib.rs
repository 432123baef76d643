//! The broker: it takes messages from producers, keeps them through `storage`, and hands them to consumer groups.
//!
//! Reading order: [`broker`] (the parts and how they start and stop), `service` (one per network thread: turns, held
//! replies, held pulls), `router` (request code to handler), `handlers` (one file per request), `delivery` (what pulls
//! and retries share), `delay` (delay levels). What is remembered about the cluster lives in [`topics`], [`groups`] and
//! [`offsets`]; `announce` tells the name servers.

pub mod broker;
pub mod error;

pub mod host;
pub mod live;

mod background;
mod call;
mod client_calls;
mod java_json;
mod router;
mod service;

mod delay;
mod delivery;
mod handlers;
mod sending;

pub mod announce;
pub mod groups;
pub mod offsets;
pub mod settings_file;
pub mod subscription;
pub mod topics;

pub use broker::{Broker, BrokerSetup};
