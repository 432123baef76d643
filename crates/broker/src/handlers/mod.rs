//! One file per request. A handler is a function over the request and the parts it uses; handlers do not call handlers.

pub(crate) mod client_config;
pub(crate) mod offset_by_time;
pub(crate) mod offset_max;
pub(crate) mod offset_min;
mod pull;
pub(crate) mod query_message;
mod queue_of;
mod reply;
mod send;
mod send_back;
mod send_batch;
pub(crate) mod view_message;

mod admin;
mod consumer_list;
mod heartbeat;
mod lock_queues;
mod offset_get;
mod offset_put;
mod unregister;

pub(crate) use pull::PullMessages;
pub(crate) use send::Send;
pub(crate) use send_back::SendBack;
pub(crate) use send_batch::SendBatch;
