//! Reading as a member of a group.

use std::collections::BTreeMap;
use std::time::Duration;

use ferromq_client::{MessageQueue, PullConsumer, QueueOffset};
use tokio::time::Instant;

use super::printer::{Next, Printer};
use super::{ConsumeArgs, stop};
use crate::error::CliError;

/// How long one poll waits; the end is looked for in between.
const POLL_TIME: Duration = Duration::from_millis(100);
/// How long a member waits for its first queue.
const QUEUE_TIME: Duration = Duration::from_secs(10);

impl ConsumeArgs {
    pub(super) async fn run_in_group(
        &self,
        group: String,
        mut printer: Printer,
    ) -> Result<(), CliError> {
        let builder = self.pull_consumer(&group);
        let consumer = builder
            .auto_commit(Some(Duration::from_secs(1)))
            .start()
            .await?;
        let outcome = tokio::select! {
            outcome = self.share(&consumer, &group, &mut printer) => outcome,
            () = stop::asked() => Ok(()),
        };
        consumer.shutdown().await;
        outcome
    }

    async fn share(
        &self,
        consumer: &PullConsumer,
        group: &str,
        printer: &mut Printer,
    ) -> Result<(), CliError> {
        let start = Instant::now();
        if !self.follow {
            // A topic that does not exist is said at once.
            consumer.queues(&self.topic).await?;
        }
        let mut ends = BTreeMap::new();
        while !printer.is_done() {
            let messages = consumer.poll(POLL_TIME).await?;
            if let Next::Stop(printed) = printer.print(&messages)? {
                if let Some(first) = messages.get(printed) {
                    // What was not printed is for the next member.
                    consumer
                        .commit_offset(first.queue(), first.queue_offset())
                        .await?;
                }
                return Ok(());
            }
            if self.follow || !messages.is_empty() {
                continue;
            }
            if self.at_end(consumer, &mut ends).await? {
                return Ok(());
            }
            if ends.is_empty() && QUEUE_TIME < start.elapsed() {
                return Err(CliError::NoQueue {
                    topic: self.topic.clone(),
                    group: group.to_owned(),
                    seconds: QUEUE_TIME.as_secs(),
                });
            }
        }
        Ok(())
    }

    /// Whether every queue of this member is read up to where it ended when it was first looked at.
    async fn at_end(
        &self,
        consumer: &PullConsumer,
        ends: &mut BTreeMap<MessageQueue, QueueOffset>,
    ) -> Result<bool, CliError> {
        let held = consumer.assignment();
        for queue in &held {
            if !ends.contains_key(queue) {
                ends.insert(queue.clone(), consumer.max_offset(queue).await?);
            }
        }
        ends.retain(|queue, _| held.contains(queue));
        let done =
            |(queue, end): (&MessageQueue, &QueueOffset)| consumer.position(queue) >= Some(*end);
        Ok(!ends.is_empty() && ends.iter().all(done))
    }
}
