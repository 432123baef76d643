//! Reading beside all consumers.

use std::time::Duration;

use ferromq_client::{ConsumeError, ConsumeFrom, MessageQueue, PullConsumer, QueueOffset};

use super::printer::{Next, Printer};
use super::{ConsumeArgs, stop};
use crate::error::CliError;

/// Group under which the reader is known to brokers. It never stores an offset.
const GROUP: &str = "ferromq-consume";
/// How long one poll waits; the end is looked for in between.
const POLL_TIME: Duration = Duration::from_millis(100);

impl ConsumeArgs {
    pub(super) async fn run_beside(&self, mut printer: Printer) -> Result<(), CliError> {
        let builder = self.pull_consumer(GROUP).assign_by_hand().auto_commit(None);
        let consumer = builder.start().await?;
        let outcome = tokio::select! {
            outcome = self.read(&consumer, &mut printer) => outcome,
            () = stop::asked() => Ok(()),
        };
        consumer.shutdown().await;
        outcome
    }

    async fn read(&self, consumer: &PullConsumer, printer: &mut Printer) -> Result<(), CliError> {
        let queues = consumer
            .queues(&self.topic)
            .await
            .map_err(CliError::Consume)?;
        let ends = self.place(consumer, &queues).await?;
        loop {
            let at_end = ends
                .iter()
                .all(|(queue, end)| consumer.position(queue) >= Some(*end));
            if printer.is_done() || (at_end && !self.follow) {
                return Ok(());
            }
            let messages = consumer.poll(POLL_TIME).await?;
            if let Next::Stop(_) = printer.print(&messages)? {
                return Ok(());
            }
        }
    }

    /// Assigns the queues, each from the offset where to begin; the offsets where they end at present.
    async fn place(
        &self,
        consumer: &PullConsumer,
        queues: &[MessageQueue],
    ) -> Result<Vec<(MessageQueue, QueueOffset)>, ConsumeError> {
        consumer.assign(queues.to_vec()).await?;
        let mut ends = Vec::new();
        for queue in queues {
            let end = consumer.max_offset(queue).await?;
            let from = match self.begin() {
                ConsumeFrom::Last => end,
                ConsumeFrom::Time(at) => consumer.offset_by_time(queue, at).await?,
                _ => consumer.min_offset(queue).await?,
            };
            // Between two questions old messages may have been deleted: then the first pull corrects the offset.
            consumer.seek(queue, from.min(end)).await?;
            ends.push((queue.clone(), end));
        }
        Ok(ends)
    }
}
