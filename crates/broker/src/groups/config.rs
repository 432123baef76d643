//! The settings of one consumer group.

use std::collections::BTreeMap;
use std::sync::Arc;

use ferromq_wire::body::SimpleSubscriptionData;
use serde_json::{Value, json};

/// The settings of one consumer group. Immutable: a change makes a new value.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupConfig {
    /// Name of the group.
    pub name: Arc<str>,
    /// Whether members may pull at all.
    pub consume_enable: bool,
    /// Kept for operators; not consulted.
    pub consume_from_min_enable: bool,
    /// Whether members may consume as BROADCASTING.
    pub consume_broadcast_enable: bool,
    /// Whether messages of the group are to be consumed in order by clients that ask.
    pub consume_message_orderly: bool,
    /// Queues of the group's retry topic; 0 drops messages that are sent back.
    pub retry_queues: u32,
    /// Deliveries of a message before it becomes a dead letter.
    pub retry_max_times: i32,
    /// Broker a consumer should read from when it is not behind: 0 is the master.
    pub broker_id: i64,
    /// Broker a consumer should read from when it is far behind.
    pub which_broker_when_consume_slowly: i64,
    /// Whether changes of the membership are pushed to the members.
    pub notify_consumer_ids_changed_enable: bool,
    /// Returned in pull answers.
    pub group_sys_flag: i32,
    /// Minutes after which a client may take a message for stuck.
    pub consume_timeout_minutes: i32,
    /// Back-off between deliveries, as JSON: read by the proxy, only kept by the broker.
    pub retry_policy: Value,
    /// Static subscriptions: only kept.
    pub subscription_data_set: Option<Vec<SimpleSubscriptionData>>,
    /// Attributes: none is defined, but they are kept.
    pub attributes: BTreeMap<String, String>,
}

impl GroupConfig {
    /// A group with RocketMQ's defaults.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: Arc::from(name),
            consume_enable: true,
            consume_from_min_enable: true,
            consume_broadcast_enable: true,
            consume_message_orderly: false,
            retry_queues: 1,
            retry_max_times: 16,
            broker_id: 0,
            which_broker_when_consume_slowly: 1,
            notify_consumer_ids_changed_enable: true,
            group_sys_flag: 0,
            consume_timeout_minutes: 15,
            retry_policy: json!({"type": "CUSTOMIZED"}),
            subscription_data_set: None,
            attributes: BTreeMap::new(),
        }
    }
}
