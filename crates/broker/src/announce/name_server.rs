//! One name server: registered with for as long as the broker runs, over one connection whose end means that the broker
//! is gone.

use std::sync::Arc;
use std::time::Duration;

use ferromq_base::Mark;
use ferromq_rpc::{CallError, Channel, Channels};
use ferromq_wire::RemotingCommand;
use ferromq_wire::body::DataVersion;
use ferromq_wire::code::ResponseCode;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::registration::Registration;
use super::told::Told;
use crate::topics::Changes;

/// How long one attempt to connect may take, pauses between attempts included.
const CONNECT_TIME: Duration = Duration::from_secs(5);
/// Pause after a registration that a name server refused.
const REFUSED_PAUSE: Duration = Duration::from_secs(5);
/// Shortest time from one connection to the next, if a name server takes connections and drops them again.
const ROUND_PAUSE: Duration = Duration::from_millis(500);
/// Longest wait for the answer to a withdrawal: the end of the connection says the same.
const WITHDRAW_TIME: Duration = Duration::from_secs(1);

/// One name server and what it was told.
pub(super) struct NameServer {
    pub(super) addr: String,
    pub(super) channels: Channels,
    pub(super) registration: Arc<Registration>,
    pub(super) changes: Arc<Changes>,
    /// Becomes 1 when a name server knows the broker for the first time.
    pub(super) registered: Arc<Mark>,
    /// How far this and the other name servers know the topics.
    pub(super) told: Arc<Told>,
    /// Number of this one among them.
    pub(super) number: usize,
    /// Whether the log has been told that this name server does not answer.
    pub(super) is_lost: bool,
}

/// Why a registration did not succeed.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("the name server refused the registration with code {code}: {remark}")]
    Refused { code: i32, remark: String },
}

impl NameServer {
    /// Keeps the broker registered until `stop` says otherwise, then withdraws it.
    pub(super) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        tokio::select! {
            never = self.keep_registered() => never,
            // An error means that the sender is gone: the same.
            _ = stop.wait_for(|stop| *stop) => {}
        }
        self.told.set(self.number, None);
        let Some(channel) = self.channels.open(&self.addr) else {
            return;
        };
        let withdrawal = self.registration.withdrawal(channel.local_addr());
        if let Err(error) = channel.call(withdrawal, WITHDRAW_TIME).await {
            tracing::debug!(name_server = self.addr, %error, "withdrawal not answered");
        }
        channel.close();
    }

    async fn keep_registered(&mut self) {
        loop {
            let earliest = Instant::now() + ROUND_PAUSE;
            let outcome = self.stay().await;
            self.told.set(self.number, None);
            match outcome {
                // The connection ended: the name server has forgotten the broker.
                Ok(()) => {}
                Err(failure) => {
                    self.note_lost(&failure);
                    if matches!(failure, Failure::Refused { .. }) {
                        sleep(REFUSED_PAUSE).await;
                    }
                }
            }
            sleep_until(earliest).await;
        }
    }

    /// Registers and stays so until the connection ends or a registration fails.
    async fn stay(&mut self) -> Result<(), Failure> {
        let channel = self
            .channels
            .channel(&self.addr, Instant::now() + CONNECT_TIME)
            .await?;
        let mut known = self.register_all(&channel).await?;
        self.note_registered();
        self.registered.advance(1);
        let period = self.registration.config.load().register_name_server_period;
        let mut next = Instant::now() + period;
        loop {
            tokio::select! {
                () = channel.closed() => return Ok(()),
                () = sleep_until(next) => {
                    next = Instant::now() + period;
                    if self.must_register(&channel, known).await? {
                        known = self.register_all(&channel).await?;
                    }
                }
                news = self.changes.take() => {
                    let local = channel.local_addr();
                    match self.registration.partial(local, &news.names) {
                        Some((version, requests)) => {
                            self.send(&channel, requests).await?;
                            self.told.set(self.number, Some(news.generation));
                            known = version;
                        }
                        None => known = self.register_all(&channel).await?,
                    }
                }
            }
        }
    }

    async fn register_all(&self, channel: &Channel) -> Result<DataVersion, Failure> {
        // What changes from here on is told again, at worst twice.
        self.changes.clear();
        let generation = self.registration.topics.generation();
        let (version, requests) = self.registration.full(channel.local_addr());
        self.send(channel, requests).await?;
        self.told.set(self.number, Some(generation));
        Ok(version)
    }

    async fn send(&self, channel: &Channel, requests: Vec<RemotingCommand>) -> Result<(), Failure> {
        let timeout = self.registration.config.load().register_broker_timeout;
        for request in requests {
            let answer = channel.call(request, timeout).await;
            let answer = answer.inspect_err(|_| channel.close())?;
            if answer.code != ResponseCode::SUCCESS.0 {
                let remark = answer.remark.unwrap_or_default();
                return Err(Failure::Refused {
                    code: answer.code,
                    remark,
                });
            }
            self.registration.accept(&answer);
        }
        Ok(())
    }

    /// Whether a periodic registration has to be a full one: always, unless the broker is told to ask first.
    async fn must_register(&self, channel: &Channel, known: DataVersion) -> Result<bool, Failure> {
        let config = self.registration.config.load_full();
        let version = self.registration.topics.version();
        if config.force_register || version != known {
            return Ok(true);
        }
        let question = self.registration.question(channel.local_addr(), version);
        let answer = channel.call(question, config.register_broker_timeout).await;
        let answer = answer.inspect_err(|_| channel.close())?;
        let is_known =
            answer.code == ResponseCode::SUCCESS.0 && answer.ext.get("changed") == Some("false");
        Ok(!is_known)
    }

    fn note_registered(&mut self) {
        tracing::info!(name_server = self.addr, "registered with the name server");
        self.is_lost = false;
    }

    fn note_lost(&mut self, failure: &Failure) {
        if !std::mem::replace(&mut self.is_lost, true) {
            tracing::warn!(
                name_server = self.addr,
                error = %failure,
                "not registered with a name server; clients that ask it do not find this broker until it answers"
            );
        }
    }
}
