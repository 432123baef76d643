//! HEART_BEAT: what a client produces and consumes.

use std::sync::Arc;

use ferromq_base::limits::GROUP_CHARS_MAX;
use ferromq_config::BrokerConfig;
use ferromq_wire::body::{self, ConsumerData, HeartbeatData, SubscriptionData};

use crate::call::{Answer, Call, Outcome};
use crate::error::Refusal;
use crate::groups::{ConsumeStyle, ConsumeType, Groups, Joining, Members, Sender, Wants};
use crate::subscription::{ExpressionType, Subscription};
use crate::topics::{RetryTopic, Topics};

/// Topic flag: a group in unit mode subscribes to it.
const UNIT_SUBSCRIBED: u32 = 2;

/// What takes heartbeats.
pub(crate) struct Heartbeats<'a> {
    /// The keys as they are now.
    pub config: &'a BrokerConfig,
    /// Has the retry topics of the groups.
    pub topics: &'a Topics,
    /// Has the settings of the groups.
    pub groups: &'a Groups,
    /// Has who is alive.
    pub members: &'a Members,
}

impl Heartbeats<'_> {
    /// Notes producers and consumers. Groups that may not be created are passed over: the heartbeat still succeeds.
    pub(crate) fn handle(&self, call: &Call<'_>) -> Outcome {
        let heartbeat: HeartbeatData =
            body::decode(call.body).map_err(|error| Refusal::unusable(error.to_string()))?;
        let sender = Sender {
            id: Arc::from(heartbeat.client_id),
            link: Arc::new(call.conn.handle()),
            language: call.header.language,
            version: call.header.version,
        };
        for producer in &heartbeat.producer_data_set {
            let group = &producer.group_name;
            if !group.is_empty() && group.len() <= GROUP_CHARS_MAX {
                self.members.produce(&sender, group);
            }
        }
        let fingerprint = heartbeat.heartbeat_fingerprint;
        let is_light = heartbeat.without_sub && fingerprint != 0;
        // Clients take "changed" in the answer to an ordinary heartbeat for granted.
        let mut needs_subscriptions = fingerprint == 0;
        for consumer in heartbeat.consumer_data_set {
            let wants = is_light.then_some(Wants::Unchanged(fingerprint));
            needs_subscriptions |= self.consumer(&sender, consumer, wants, fingerprint);
        }
        Ok(Answer::ok()
            .field("IS_SUPPORT_HEART_BEAT_V2", true)
            .field("IS_SUB_CHANGE", needs_subscriptions))
    }

    /// Notes a member of a consumer group. True if the broker lacks its subscriptions.
    fn consumer(
        &self,
        sender: &Sender,
        consumer: ConsumerData,
        light: Option<Wants>,
        fingerprint: i32,
    ) -> bool {
        let is_pulling = consumer.consume_type == ConsumeType::Actively;
        if is_pulling && self.config.reject_pull_consumer_enable {
            return false;
        }
        let Some(group) = self.groups.find_or_create(&consumer.group_name) else {
            return false;
        };
        let topics = &consumer.subscription_data_set;
        let retry = RetryTopic {
            group: &consumer.group_name,
            queues: group.retry_queues,
            sys_flag: if consumer.unit_mode {
                UNIT_SUBSCRIBED
            } else {
                0
            },
            order: topics.iter().any(|data| self.is_order_topic(&data.topic)),
        };
        // A light heartbeat does not say whether a topic is an order topic.
        if light.is_none() {
            self.prepare_retry_topic(retry);
        }
        let style = ConsumeStyle {
            consume_type: consumer.consume_type,
            message_model: consumer.message_model,
            consume_from: consumer.consume_from_where,
            is_notified: self.config.notify_consumer_ids_changed_enable
                && group.notify_consumer_ids_changed_enable,
        };
        let all = || {
            let wanted = topics.iter().filter_map(subscription);
            Wants::All(wanted.collect(), fingerprint)
        };
        let joining = Joining {
            group: &consumer.group_name,
            style,
            wants: light.unwrap_or_else(all),
        };
        self.members.join(sender, &joining).needs_subscriptions
    }

    fn is_order_topic(&self, topic: &str) -> bool {
        self.topics.find(topic).is_some_and(|topic| topic.order)
    }

    fn prepare_retry_topic(&self, retry: RetryTopic<'_>) {
        if let Err(error) = self.topics.prepare_retry_topic(retry) {
            tracing::warn!(group = retry.group, %error, "retry topic not created");
        }
    }
}

/// The subscription a client sends. Tags and their codes follow from the expression, so that what clients send of them
/// (or not) does not matter.
fn subscription(data: &SubscriptionData) -> Option<Subscription> {
    let language = ExpressionType::from(data.expression_type.as_str());
    match Subscription::parse(&data.topic, &data.sub_string, language, data.sub_version) {
        Ok(mut subscription) => {
            subscription.class_filter = data.class_filter_mode;
            Some(subscription)
        }
        Err(error) => {
            tracing::debug!(topic = data.topic, %error, "subscription left out");
            None
        }
    }
}
