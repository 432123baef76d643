//! Reading as a member of a broadcasting group.

use ferromq_client::{ConsumeResult, MessageModel, PushConsumer};
use tokio::sync::mpsc;

use super::printer::{Next, Printer};
use super::{ConsumeArgs, stop};
use crate::error::CliError;

impl ConsumeArgs {
    pub(super) async fn run_broadcasting(
        &self,
        group: String,
        mut printer: Printer,
    ) -> Result<(), CliError> {
        // One message at a time: it counts as consumed when it is printed.
        let (sender, mut messages) = mpsc::channel(1);
        let consumer = PushConsumer::builder(group)
            .name_servers(self.servers.addrs())
            .subscribe(&self.topic, &self.tags)
            .from(self.begin())
            .model(MessageModel::Broadcasting)
            .concurrency(1)
            .concurrent(move |delivery| {
                let sender = sender.clone();
                async move {
                    let (done, printed) = tokio::sync::oneshot::channel();
                    let handed = sender.send((delivery, done)).await.is_ok();
                    if !(handed && printed.await.is_ok()) {
                        // Nobody prints any more: the message must not count as consumed.
                        std::future::pending::<()>().await;
                    }
                    ConsumeResult::Success
                }
            })
            .shutdown_timeout(std::time::Duration::from_millis(500))
            .start()
            .await?;
        let print = async {
            while let Some((delivery, done)) = messages.recv().await {
                let next = printer.print(delivery.messages())?;
                // The listener waits for it.
                let _ = done.send(());
                if let Next::Stop(_) = next {
                    break;
                }
            }
            Ok(())
        };
        let outcome = tokio::select! {
            outcome = print => outcome,
            () = stop::asked() => Ok(()),
        };
        drop(messages);
        consumer.shutdown().await;
        outcome
    }
}
