//! One file per request. A handler is a function over the request and the parts it uses; handlers do not call handlers.

mod client_config;
mod offset_by_time;
mod offset_max;
mod offset_min;
mod pull;
mod query_message;
mod queue_of;
mod reply;
mod send;
mod send_back;
mod send_batch;
mod view_message;

mod admin;
mod consumer_list;
mod heartbeat;
mod lock_queues;
mod offset_get;
mod offset_put;
mod unregister;
