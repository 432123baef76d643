//! FerroMQ's Rust client: producers and consumers for FerroMQ and every other server that speaks RocketMQ's remoting protocol.
//!
//! [`Producer`] sends. [`PushConsumer`] calls a listener for every message, [`PullConsumer`] consumes at the application's
//! own pace. All run inside a Tokio runtime with I/O and
//! time. They find the brokers through name servers (see [`ClientOptions::name_servers`]), keep going when name servers or
//! brokers are lost, and find them again when they come back.
//!
//! Errors say what went wrong and what to do about it; [`SendError::may_be_stored`] tells whether sending again may store a
//! message twice.

mod client_id;
mod consumer;
pub mod error;
mod instance;
mod message;
mod options;
mod producer;
mod pull_consumer;
mod push_consumer;
mod queue;
mod view;

pub use ferromq_base::{Millis, QueueId, QueueOffset};
pub use ferromq_rpc::CallError;
pub use ferromq_wire::frame::SerializeType;

pub use consumer::{ConsumeFrom, EmptyTagFilter, MessageModel, Strategy, TagFilter};
pub use error::{ConsumeError, RouteError, SendError, StartError};
pub use message::Message;
pub use options::{ClientOptions, NAMESRV_ADDR, NAMESRV_DEFAULT};
pub use producer::{
    OnPostError, Producer, ProducerBuilder, ProducerStats, SendResult, SendStatus, by_key,
};
pub use pull_consumer::{MessageStream, PullConsumer, PullConsumerBuilder};
pub use push_consumer::{
    ConsumeResult, Delivery, OrderlyResult, PushConsumer, PushConsumerBuilder,
};
pub use queue::MessageQueue;
pub use view::MessageView;
