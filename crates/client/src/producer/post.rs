//! Messages sent in the background: how many may be under way, what became of them.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::result::SendResult;
use crate::error::SendError;
use crate::message::Message;

/// Called for each posted message that was not stored, or is not known to be. Must not block.
pub type OnPostError = Arc<dyn Fn(&Message, &SendError) + Send + Sync>;

/// Body bytes that one unit of the byte limit stands for.
const BYTES_PER_UNIT: usize = 1024;

/// Counters of messages posted so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProducerStats {
    /// Stored.
    pub sent: u64,
    /// Not stored, or not known to be.
    pub failed: u64,
    /// Under way.
    pub in_flight: u64,
}

/// Books of the posted messages.
pub(super) struct Posting {
    messages: Arc<Semaphore>,
    messages_max: u32,
    units: Arc<Semaphore>,
    units_max: u32,
    sent: AtomicU64,
    failed: AtomicU64,
    on_error: Option<OnPostError>,
}

/// One message's share of the limits.
pub(super) struct Room {
    _message: Option<OwnedSemaphorePermit>,
    _units: Option<OwnedSemaphorePermit>,
}

impl Posting {
    pub(super) fn new(messages: u32, bytes: usize, on_error: Option<OnPostError>) -> Self {
        let units_max = u32::try_from(bytes.div_ceil(BYTES_PER_UNIT))
            .unwrap_or(u32::MAX)
            .max(1);
        Self {
            messages: Arc::new(Semaphore::new(messages as usize)),
            messages_max: messages,
            units: Arc::new(Semaphore::new(units_max as usize)),
            units_max,
            sent: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            on_error,
        }
    }

    /// Waits for room for a message of this size. One that is larger than the whole limit waits for all of it.
    pub(super) async fn enter(&self, bytes: usize) -> Room {
        let wanted = u32::try_from(bytes.div_ceil(BYTES_PER_UNIT)).unwrap_or(u32::MAX);
        let units = Arc::clone(&self.units).acquire_many_owned(wanted.clamp(1, self.units_max));
        let message = Arc::clone(&self.messages).acquire_owned();
        // Neither semaphore is ever closed.
        Room {
            _units: units.await.ok(),
            _message: message.await.ok(),
        }
    }

    /// Notes what became of a message.
    pub(super) fn done(&self, message: &Message, outcome: Result<SendResult, SendError>) {
        let error = match outcome {
            Ok(_) => {
                self.sent.fetch_add(1, Ordering::Relaxed);
                return;
            }
            Err(error) => error,
        };
        self.failed.fetch_add(1, Ordering::Relaxed);
        match &self.on_error {
            Some(on_error) => on_error(message, &error),
            None => tracing::warn!(topic = message.topic(), %error, "posted message not sent"),
        }
    }

    /// Waits until nothing is under way.
    pub(super) async fn empty(&self) {
        // Never closed, so that this is only a wait for the last permit.
        let _ = self.messages.acquire_many(self.messages_max).await;
    }

    pub(super) fn stats(&self) -> ProducerStats {
        let free = self.messages.available_permits() as u64;
        ProducerStats {
            sent: self.sent.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            in_flight: u64::from(self.messages_max).saturating_sub(free),
        }
    }
}

impl fmt::Debug for Posting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Posting")
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn both_limits_hold_and_flushing_waits_for_all() {
        let posting = Posting::new(2, 10 * 1024, None);
        let large = posting.enter(9 * 1024).await;
        let small = posting.enter(1).await;
        assert_eq!(posting.stats().in_flight, 2);
        let mut third = std::pin::pin!(posting.enter(1));
        let mut flush = std::pin::pin!(posting.empty());
        tokio::select! {
            biased;
            _ = &mut third => unreachable!("there is no room for a third message"),
            () = async {} => {}
        }
        drop(small);
        let third = third.await;
        tokio::select! {
            biased;
            () = &mut flush => unreachable!("two messages are under way"),
            () = async {} => {}
        }
        drop((large, third));
        flush.await;
        assert_eq!(posting.stats().in_flight, 0);
    }

    #[tokio::test]
    async fn a_message_larger_than_the_limit_goes_alone() {
        let posting = Posting::new(10, 1024, None);
        let room = posting.enter(1_000_000).await;
        assert_eq!(posting.units.available_permits(), 0);
        drop(room);
        assert_eq!(posting.units.available_permits(), 1);
    }

    #[test]
    fn failures_reach_the_callback() {
        let seen = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&seen);
        let on_error: OnPostError = Arc::new(move |message, _| {
            assert_eq!(message.topic(), "T");
            count.fetch_add(1, Ordering::Relaxed);
        });
        let posting = Posting::new(1, 1, Some(on_error));
        posting.done(&Message::new("T", "x"), Err(SendError::Stopped));
        assert_eq!(
            (seen.load(Ordering::Relaxed), posting.stats().failed),
            (1, 1)
        );
    }
}
