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

pub(crate) mod admin;
pub(crate) mod consumer_list;
pub(crate) mod heartbeat;
pub(crate) mod lock_queues;
pub(crate) mod offset_get;
pub(crate) mod offset_put;
pub(crate) mod unlock_queues;
pub(crate) mod unregister;

pub(crate) use pull::PullMessages;
pub(crate) use reply::Reply;
pub(crate) use send::Send;
pub(crate) use send_back::SendBack;
pub(crate) use send_batch::SendBatch;
