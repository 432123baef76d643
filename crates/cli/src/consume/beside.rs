//! Reading beside all consumers.

use std::time::Duration;

use ferromq_client::{
    ConsumeError, ConsumeFrom, MessageQueue, PullConsumer, QueueOffset, RouteError,
};

use super::printer::{Next, Printer};
use super::{ConsumeArgs, stop};
use crate::error::CliError;
use crate::hint::hint;

/// Group under which the reader is known to brokers. It never stores an offset.
const GROUP: &str = "ferromq-consume";
/// How long one poll waits; the end, and new queues, are looked for in between.
const POLL_TIME: Duration = Duration::from_millis(100);
/// How often a topic that does not exist is asked for.
const TOPIC_TIME: Duration = Duration::from_millis(200);

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
        let (mut queues, begin) = self.find(consumer).await?;
        consumer.assign(queues.clone()).await?;
        let ends = place(consumer, &queues, begin).await?;
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
            if self.follow {
                extend(consumer, &mut queues, &self.topic).await?;
            }
        }
    }

    /// The topic's queues and where to begin. With `--follow` a topic that does not exist is waited for; then nobody has seen
    /// anything of it yet, and it is read from its first message.
    async fn find(
        &self,
        consumer: &PullConsumer,
    ) -> Result<(Vec<MessageQueue>, ConsumeFrom), ConsumeError> {
        let mut begin = self.begin();
        loop {
            match consumer.queues(&self.topic).await {
                Ok(queues) => return Ok((queues, begin)),
                Err(ConsumeError::Route(RouteError::NoRoute { .. })) if self.follow => {}
                Err(error) => return Err(error),
            }
            if begin != ConsumeFrom::First {
                hint(&format!(
                    "topic `{}` does not exist yet, waiting for it",
                    self.topic
                ));
                begin = ConsumeFrom::First;
            }
            tokio::time::sleep(TOPIC_TIME).await;
        }
    }
}

/// Goes to the offsets where to begin; the offsets where the queues end at present.
async fn place(
    consumer: &PullConsumer,
    queues: &[MessageQueue],
    begin: ConsumeFrom,
) -> Result<Vec<(MessageQueue, QueueOffset)>, ConsumeError> {
    let mut ends = Vec::new();
    for queue in queues {
        let end = consumer.max_offset(queue).await?;
        let from = match begin {
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

/// Takes in queues that the topic has got meanwhile, from their first message.
async fn extend(
    consumer: &PullConsumer,
    queues: &mut Vec<MessageQueue>,
    topic: &str,
) -> Result<(), ConsumeError> {
    // Asks nobody: the client keeps the route fresh.
    let present = consumer.queues(topic).await?;
    if present == *queues {
        return Ok(());
    }
    let is_new = |queue: &&MessageQueue| !queues.contains(queue);
    let new: Vec<MessageQueue> = present.iter().filter(is_new).cloned().collect();
    consumer.assign(present.clone()).await?;
    place(consumer, &new, ConsumeFrom::First).await?;
    *queues = present;
    Ok(())
}
