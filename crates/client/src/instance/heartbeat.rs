//! Telling brokers that the client lives, and what it consumes.

use super::Instance;

impl Instance {
    /// Sends a heartbeat to all brokers at once: to masters only if the client consumes nothing. Brokers that do not answer
    /// are told the next time.
    pub(crate) async fn heartbeat(&self) {
        let Some(member) = self.member() else {
            return;
        };
        let mut data = member.heartbeat();
        data.client_id.clone_from(&self.id.text);
        let addrs = if data.consumer_data_set.is_empty() {
            self.master_addrs()
        } else {
            self.all_addrs()
        };
        let mut calls = tokio::task::JoinSet::new();
        for addr in addrs {
            let (broker, data) = (self.broker_at(&addr), data.clone());
            calls.spawn(async move {
                if let Err(error) = broker.heartbeat(&data).await {
                    tracing::warn!(addr, %error, "heartbeat failed, will be repeated");
                }
            });
        }
        calls.join_all().await;
    }
}
