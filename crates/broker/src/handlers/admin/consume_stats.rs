//! GET_CONSUME_STATS: how far a group has got in the queues of its topics.

use std::sync::Arc;

use ferromq_base::{QueueId, QueueOffset};
use ferromq_storage::Store;
use ferromq_wire::body::{self, ConsumeStats, MessageQueue, OffsetProgress};
use ferromq_wire::request::GetConsumeStatsRequest;

use super::queue_times;
use crate::call::{Answer, Outcome};
use crate::groups::Members;
use crate::offsets::Offsets;
use crate::topics::{TopicConfig, Topics};

/// What knows the progress of groups.
pub(crate) struct Progress<'a> {
    /// Has the queues of a topic.
    pub topics: &'a Topics,
    /// Has the subscriptions.
    pub members: &'a Members,
    /// Has what groups committed.
    pub offsets: &'a Offsets,
    /// Has the ends of the queues.
    pub store: &'a Store,
    /// Name of this broker.
    pub broker: &'a str,
}

impl Progress<'_> {
    /// Answers the progress in one topic, in some, or in all the group has committed to. Topics that do not exist are left
    /// out, and so are those that a live group does not subscribe to, unless they were listed. Waits for the disk.
    pub(crate) fn handle(&self, request: &GetConsumeStatsRequest) -> Outcome {
        let group = &request.consumer_group;
        let mut stats = ConsumeStats::default();
        for topic in self.wanted(request) {
            let Some(topic) = self.topics.find(&topic) else {
                continue;
            };
            stats.offset_table.0.extend(self.queues(group, &topic));
        }
        Ok(Answer::ok().body(body::encode(&stats)))
    }

    fn wanted(&self, request: &GetConsumeStatsRequest) -> Vec<Arc<str>> {
        let named = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        if let Some(list) = named(&request.topic_list) {
            return list
                .split(';')
                .map(|topic| Arc::from(topic.trim()))
                .collect();
        }
        let mut topics = match named(&request.topic) {
            Some(topic) => vec![Arc::from(topic)],
            None => self.offsets.topics_of(&request.consumer_group),
        };
        if let Some(group) = self.members.consumer_group(&request.consumer_group) {
            let is_passive = group.subscriptions().next().is_none();
            topics.retain(|topic| is_passive || group.subscription(topic).is_some());
        }
        topics
    }

    fn queues(&self, group: &str, topic: &TopicConfig) -> Vec<(MessageQueue, OffsetProgress)> {
        let cells = self.offsets.find(group, &topic.name);
        let queues = 0..topic.read_queues;
        let queues = queues.map(|number| {
            let queue = QueueId(number);
            let committed = cells.as_ref().and_then(|cells| cells.committed(queue));
            let committed = committed.unwrap_or(QueueOffset(0));
            let pulled = cells.as_ref().and_then(|cells| cells.pulled(queue));
            let pulled = pulled.unwrap_or(committed).max(committed);
            let number = i32::try_from(number).unwrap_or(i32::MAX);
            let stored = self.store.find_queue(&topic.name, queue);
            let last = stored
                .as_ref()
                .and_then(|stored| queue_times::before(self.store, stored, committed));
            let progress = OffsetProgress {
                broker_offset: stored.map_or(0, |stored| stored.max().to_wire()),
                consumer_offset: committed.to_wire(),
                last_timestamp: last.unwrap_or(0),
                pull_offset: pulled.to_wire(),
            };
            (
                MessageQueue::new(&*topic.name, self.broker, number),
                progress,
            )
        });
        queues.collect()
    }
}
