//! The plan of a paced run: when each request is due, whether or not a slot is free for it.

use std::time::{Duration, Instant};

/// Evenly spaced due times.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    start: Instant,
    sent: u64,
    /// Requests per second.
    rate: f64,
}

impl Pace {
    /// `messages_per_second` in requests of `per_request` messages; `None` for 0, which means no plan.
    #[must_use]
    pub fn new(messages_per_second: u64, per_request: u64, start: Instant) -> Option<Self> {
        (messages_per_second > 0).then(|| Self {
            start,
            sent: 0,
            rate: messages_per_second as f64 / per_request.max(1) as f64,
        })
    }

    /// When the next request is due.
    #[must_use]
    pub fn due(&self) -> Instant {
        self.start + Duration::from_secs_f64(self.sent as f64 / self.rate)
    }

    /// The due request is sent.
    pub fn advance(&mut self) {
        self.sent += 1;
    }

    /// How far the sending is behind the plan.
    #[must_use]
    pub fn behind(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.due())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_does_not_drift() {
        let start = Instant::now();
        let mut pace = Pace::new(30_000, 10, start).unwrap();
        for _ in 0..3_000_000 {
            pace.advance();
        }
        let due = pace.due() - start;
        assert!(due.abs_diff(Duration::from_secs(1000)) < Duration::from_micros(1));
        assert_eq!(
            pace.behind(start + Duration::from_secs(1001))
                .as_secs_f64()
                .round(),
            1.0
        );
        assert!(Pace::new(0, 1, start).is_none());
    }
}
