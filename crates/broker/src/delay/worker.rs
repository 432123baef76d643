//! The thread that delivers delayed messages.

use std::io;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use ferromq_base::{Clock, Millis};
use ferromq_storage::{AppendError, Store};
use parking_lot::Mutex;

use super::bell::{DelayBell, Woken};
use super::delivery::{Buffers, Delivery};
use super::levels::DelayQueues;
use super::progress::Progress;
use crate::delivery::Announcements;
use crate::settings_file::{LoadError, SettingsFile};
use crate::topics::Topics;

/// Pause after the store refused messages.
const RETRY_PAUSE: Duration = Duration::from_millis(500);
/// Longest sleep while a message waits, so that a wall clock that is set forward does not make it late for long.
const SLEEP_MAX: Duration = Duration::from_secs(60);

/// What the delay thread works with.
pub(crate) struct DelayParts {
    /// The queues of the levels.
    pub queues: Arc<DelayQueues>,
    /// Rung when a delayed message was stored.
    pub bell: Arc<DelayBell>,
    /// Where messages go.
    pub topics: Arc<Topics>,
    /// Tells those who wait for delivered messages.
    pub announcements: Arc<Announcements>,
    /// Where messages are.
    pub store: Arc<Store>,
    /// Tells what is due.
    pub clock: Arc<dyn Clock>,
    /// `delayOffset.json`.
    pub file: SettingsFile,
    /// Pause between two saves (`flushDelayOffsetInterval`).
    pub save_pause: Duration,
}

/// The running thread.
#[derive(Debug)]
pub(crate) struct DelayWorker {
    bell: Arc<DelayBell>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// Why delayed messages cannot be delivered.
#[derive(Debug, thiserror::Error)]
pub enum DelayStartError {
    /// The progress file cannot be read.
    #[error("delayOffset.json: {0}")]
    Load(#[from] LoadError),
    /// The system gives no thread.
    #[error("cannot start the thread that delivers delayed messages: {0}")]
    Thread(#[from] io::Error),
}

impl DelayWorker {
    /// Starts the thread.
    pub(crate) fn start(parts: DelayParts) -> Result<Self, DelayStartError> {
        let bell = Arc::clone(&parts.bell);
        let mut run = Run {
            save_at: None,
            save_pause: parts.save_pause,
            bell: parts.bell,
            delivery: Delivery {
                progress: Progress::open(parts.file)?,
                buffers: Buffers::new(&parts.store),
                queues: parts.queues,
                topics: parts.topics,
                announcements: parts.announcements,
                store: parts.store,
                clock: parts.clock,
            },
        };
        let thread = Builder::new()
            .name("delay".to_owned())
            .spawn(move || run.run())?;
        Ok(Self {
            bell,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Ends the thread after what it is doing; its progress is saved.
    pub(crate) fn stop(&self) {
        self.bell.stop();
        if let Some(thread) = self.thread.lock().take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that delivers delayed messages had panicked");
        }
    }
}

struct Run {
    bell: Arc<DelayBell>,
    delivery: Delivery,
    save_pause: Duration,
    /// When unsaved progress is to be saved.
    save_at: Option<Millis>,
}

impl Run {
    fn run(&mut self) {
        loop {
            let pause = match self.delivery.turn() {
                Ok(next) => self.pause(next),
                Err(AppendError::Fatal(error)) => {
                    tracing::error!(%error, "delayed messages are not delivered any more");
                    return;
                }
                Err(error) => {
                    tracing::warn!(%error, "delayed messages wait until the store takes messages again");
                    Some(RETRY_PAUSE)
                }
            };
            if self.bell.wait(pause) == Woken::Stop {
                return self.save();
            }
        }
    }

    /// How long to sleep; for ever if nothing is due and nothing unsaved.
    fn pause(&mut self, next: Option<Millis>) -> Option<Duration> {
        let now = self.delivery.clock.now();
        if self.delivery.progress.is_saved() {
            self.save_at = None;
        } else if *self.save_at.get_or_insert(now.after(self.save_pause)) <= now {
            self.save();
            let is_saved = self.delivery.progress.is_saved();
            self.save_at = (!is_saved).then(|| now.after(self.save_pause));
        }
        let next = next.map(|due| due.since(now).min(SLEEP_MAX));
        let save = self.save_at.map(|at| at.since(now));
        next.into_iter().chain(save).min()
    }

    fn save(&mut self) {
        let clock = Arc::clone(&self.delivery.clock);
        if let Err(error) = self.delivery.progress.save(&*clock) {
            tracing::error!(%error, "the progress of delayed messages could not be saved and will be tried again");
        }
    }
}
