//! Settings of a producer.

use std::sync::{Arc, Weak};
use std::time::Duration;

use ferromq_base::limits::MESSAGE_BYTES_MAX;
use ferromq_wire::message::topic::validate_group;

use super::encode::COMPRESS_OVER;
use super::post::{OnPostError, Posting};
use super::sender::{SendSettings, Sender};
use super::{BodyLimits, Producer, Shared};
use crate::error::{SendError, StartError};
use crate::instance::Instance;
use crate::message::Message;
use crate::options::{ClientOptions, common_setters};

/// Builds a [`Producer`]. The defaults are RocketMQ's.
#[must_use]
pub struct ProducerBuilder {
    group: String,
    options: ClientOptions,
    send: SendSettings,
    limits: BodyLimits,
    in_flight_max: u32,
    in_flight_bytes_max: usize,
    on_post_error: Option<OnPostError>,
}

impl ProducerBuilder {
    pub(super) fn new(group: String) -> Self {
        Self {
            group,
            options: ClientOptions::default(),
            send: SendSettings::default(),
            limits: BodyLimits {
                body_bytes_max: MESSAGE_BYTES_MAX,
                compress_over: COMPRESS_OVER,
            },
            in_flight_max: 1024,
            in_flight_bytes_max: 100 * 1024 * 1024,
            on_post_error: None,
        }
    }

    common_setters!(options);

    /// Time for a send with all its attempts; 3 s.
    pub fn send_timeout(mut self, timeout: Duration) -> Self {
        self.send.timeout = timeout;
        self
    }

    /// Attempts after the first one failed; 2.
    pub fn retries(mut self, count: u32) -> Self {
        self.send.retries = count;
        self
    }

    /// Largest body in bytes, before compression; 4 MiB, which is also the broker's default.
    pub fn body_bytes_max(mut self, bytes: usize) -> Self {
        self.limits.body_bytes_max = bytes;
        self
    }

    /// Bodies of at least this many bytes are compressed (zlib) if that makes them smaller; 4096. `usize::MAX` never compresses.
    pub fn compress_over(mut self, bytes: usize) -> Self {
        self.limits.compress_over = bytes;
        self
    }

    /// Queues that the broker shall make for a topic that does not exist yet; 4. The broker may make fewer.
    pub fn default_topic_queues(mut self, count: u32) -> Self {
        self.send.default_topic_queues = count;
        self
    }

    /// Messages that may be under way by [`Producer::post`] at the same time; 1024.
    pub fn in_flight_max(mut self, messages: u32) -> Self {
        self.in_flight_max = messages;
        self
    }

    /// Body bytes that may be under way by [`Producer::post`] at the same time; 100 MiB.
    pub fn in_flight_bytes_max(mut self, bytes: usize) -> Self {
        self.in_flight_bytes_max = bytes;
        self
    }

    /// Called for each posted message that was not stored, or is not known to be; without it such messages are logged.
    pub fn on_post_error(
        mut self,
        on_error: impl Fn(&Message, &SendError) + Send + Sync + 'static,
    ) -> Self {
        self.on_post_error = Some(Arc::new(on_error));
        self
    }

    /// Starts the producer. Must be called within a Tokio runtime. Succeeds even if no server can be reached yet.
    #[expect(
        clippy::unused_async,
        reason = "starting needs a runtime, and may come to wait for servers"
    )]
    pub async fn start(self) -> Result<Producer, StartError> {
        self.check()?;
        let instance = Instance::new(self.options, None)?;
        let shared = Arc::new(Shared {
            sender: Sender::new(Arc::clone(&instance), &self.group, self.send),
            group: self.group,
            limits: self.limits,
            posting: Posting::new(
                self.in_flight_max,
                self.in_flight_bytes_max,
                self.on_post_error,
            ),
        });
        let member: Weak<Shared> = Arc::downgrade(&shared);
        instance.start(member);
        Ok(Producer { shared })
    }

    fn check(&self) -> Result<(), StartError> {
        validate_group(&self.group).map_err(|error| StartError::BadGroup {
            group: self.group.clone(),
            why: error.to_string(),
        })?;
        if self.in_flight_max == 0 {
            return Err(StartError::BadSetting {
                setting: "in_flight_max",
                value: "0".to_owned(),
                range: "1 or more".to_owned(),
            });
        }
        if self.send.timeout.is_zero() {
            return Err(StartError::BadSetting {
                setting: "send_timeout",
                value: "0 ms".to_owned(),
                range: "more than 0".to_owned(),
            });
        }
        Ok(())
    }
}
