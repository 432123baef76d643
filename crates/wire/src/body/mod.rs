//! JSON bodies of requests and responses: read tolerantly, written in the dialect the peer expects.
//!
//! Fields are declared in the order of their JSON names, which is the order Java writes.

mod cluster;
mod consumer;
mod dialect;
mod group;
mod heartbeat;
mod message_queue;
mod offsets;
mod register;
mod route;
mod running;
mod subscription;
mod subscription_group;
mod tolerant;
mod topic_config;

pub use cluster::{BrokerMemberGroup, BrokerMemberGroupBody, ClusterInfo};
pub use consumer::{
    CheckClientConfigBody, Connection, ConsumerConnection, ConsumerList, LockBatchRequestBody,
    LockBatchResponseBody, MessageQueueAssignment, ProducerConnection, QueryAssignmentRequestBody,
    QueryAssignmentResponseBody,
};
pub use dialect::Dialect;
pub use group::{KvTable, TopicList};
pub use heartbeat::{
    ConsumeFromWhere, ConsumeType, ConsumerData, HeartbeatData, MessageModel, ProducerData,
};
pub use message_queue::{MessageQueue, QueueTable};
pub use offsets::{
    ConsumeStats, ConsumerStatus, OffsetProgress, QueueOffsetItem, ResetOffsetBody,
    ResetOffsetListBody, TopicOffset, TopicStatsTable,
};
pub use register::{RegisterBodyError, RegisterBrokerBody};
pub use route::{BrokerData, QueueData, TopicQueueMappingInfo, TopicRouteData};
pub use running::{ConsumeMessageDirectlyResult, ConsumeResult, ConsumerRunningInfo};
pub use subscription::{SubscriptionData, SubscriptionError};
pub use subscription_group::{
    SimpleSubscriptionData, SubscriptionGroupConfig, SubscriptionGroupTable,
};
pub use tolerant::enum_value;
pub use topic_config::{DataVersion, TopicConfig, TopicConfigAndMappings, TopicConfigTable};

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::lenient::{self, LenientError};

/// Why a body cannot be read.
#[derive(Debug, Error)]
pub enum BodyError {
    /// The request has no body.
    #[error("the request has no body")]
    Missing,
    /// It is not JSON by any tolerance.
    #[error("the body cannot be read: {0}")]
    Json(#[from] LenientError),
    /// It is JSON, but not of this shape.
    #[error("the body has the wrong shape: {0}")]
    Shape(serde_json::Error),
}

/// Reads a body. Strict JSON is read directly; what only a tolerant reader understands goes through one.
///
/// # Errors
/// There is no body, it is not JSON by any tolerance, or it has another shape.
pub fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, BodyError> {
    if body.is_empty() {
        return Err(BodyError::Missing);
    }
    if let Ok(value) = serde_json::from_slice(body) {
        return Ok(value);
    }
    serde_json::from_value(lenient::parse(body)?).map_err(BodyError::Shape)
}

/// Writes a body in the legacy dialect, the default of every Java writer.
#[must_use]
pub fn encode<T: Serialize>(body: &T) -> Vec<u8> {
    encode_as(body, Dialect::Legacy)
}

/// Writes a body in `dialect`.
#[must_use]
pub fn encode_as<T: Serialize>(body: &T, dialect: Dialect) -> Vec<u8> {
    let mut out = Vec::new();
    dialect::write(body, dialect, &mut out);
    out
}
