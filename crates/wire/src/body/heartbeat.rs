//! Heartbeats: who a client is and what it consumes.

use serde::{Deserialize, Serialize};

use super::subscription::SubscriptionData;
use super::tolerant::{self, named_enum};
use crate::message::tag_hash;

named_enum! {
    /// How a group gets its messages.
    ConsumeType {
        /// Pull by the application.
        Actively = "CONSUME_ACTIVELY",
        /// Push: the client pulls on its own.
        #[default]
        Passively = "CONSUME_PASSIVELY",
        /// Pop.
        Pop = "CONSUME_POP",
    }
}

named_enum! {
    /// Whether the members of a group share the messages or each gets all.
    MessageModel {
        /// Each member gets every message.
        Broadcasting = "BROADCASTING",
        /// The members share.
        #[default]
        Clustering = "CLUSTERING",
    }
}

named_enum! {
    /// Where a new group begins.
    ConsumeFromWhere {
        /// At the end.
        #[default]
        LastOffset = "CONSUME_FROM_LAST_OFFSET",
        /// Historic.
        LastOffsetAndFromMinWhenBootFirst = "CONSUME_FROM_LAST_OFFSET_AND_FROM_MIN_WHEN_BOOT_FIRST",
        /// Historic.
        MinOffset = "CONSUME_FROM_MIN_OFFSET",
        /// Historic.
        MaxOffset = "CONSUME_FROM_MAX_OFFSET",
        /// At the beginning.
        FirstOffset = "CONSUME_FROM_FIRST_OFFSET",
        /// At a time.
        Timestamp = "CONSUME_FROM_TIMESTAMP",
    }
}

/// The body of code 34.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HeartbeatData {
    /// Client.
    #[serde(rename = "clientID", deserialize_with = "tolerant::nullable")]
    pub client_id: String,
    /// Consumer groups.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub consumer_data_set: Vec<ConsumerData>,
    /// Not 0: a short heartbeat is possible; see `without_sub`.
    #[serde(deserialize_with = "tolerant::integer")]
    pub heartbeat_fingerprint: i32,
    /// Producer groups.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub producer_data_set: Vec<ProducerData>,
    /// The subscriptions are left out because they have not changed.
    #[serde(deserialize_with = "tolerant::boolean")]
    pub without_sub: bool,
}

impl HeartbeatData {
    /// The fingerprint of this heartbeat: the hash of its JSON with client, versions and fingerprint blanked.
    #[must_use]
    pub fn fingerprint(&self) -> i32 {
        let mut blank = self.clone();
        blank.client_id.clear();
        blank.heartbeat_fingerprint = 0;
        blank.without_sub = false;
        for consumer in &mut blank.consumer_data_set {
            for subscription in &mut consumer.subscription_data_set {
                subscription.sub_version = 0;
            }
        }
        tag_hash(&String::from_utf8_lossy(&super::encode(&blank)))
    }
}

/// A producer group of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProducerData {
    /// Group.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub group_name: String,
}

/// A consumer group of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConsumerData {
    /// Where a new group begins.
    pub consume_from_where: ConsumeFromWhere,
    /// How it gets its messages.
    pub consume_type: ConsumeType,
    /// Group.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub group_name: String,
    /// Shared or all.
    pub message_model: MessageModel,
    /// Subscriptions.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub subscription_data_set: Vec<SubscriptionData>,
    /// Unit mode.
    #[serde(deserialize_with = "tolerant::boolean")]
    pub unit_mode: bool,
}
