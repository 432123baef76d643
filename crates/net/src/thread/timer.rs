//! The one timer of a network thread.

use std::future::pending;
use std::pin::Pin;
use std::time::Duration;

use ferromq_base::Millis;
use tokio::time::{Instant, Sleep, sleep};

/// Fires at the earliest deadline, or before: a deadline that moved away is noticed only when the timer fires, so
/// that the deadlines of requests which are answered in time cost nothing.
pub(super) struct Timer {
    sleep: Pin<Box<Sleep>>,
    armed: Option<Millis>,
}

impl Timer {
    pub(super) fn new() -> Self {
        Self {
            sleep: Box::pin(sleep(Duration::ZERO)),
            armed: None,
        }
    }

    /// Waits until the timer fires: for ever if it is not armed.
    pub(super) async fn fired(&mut self) {
        if self.armed.is_none() {
            return pending().await;
        }
        self.sleep.as_mut().await;
        self.armed = None;
    }

    /// Makes the timer fire at `deadline` or before; `now` is the present time.
    pub(super) fn set(&mut self, now: Millis, deadline: Option<Millis>) {
        let Some(deadline) = deadline else {
            return;
        };
        if self.armed.is_some_and(|armed| armed <= deadline) {
            return;
        }
        // Never at once: a service whose deadline does not move on must not make a busy loop.
        let wait = deadline.since(now).max(Duration::from_millis(1));
        self.sleep.as_mut().reset(Instant::now() + wait);
        self.armed = Some(deadline);
    }
}
