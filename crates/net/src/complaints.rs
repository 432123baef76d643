//! Limits what clients can write into the log.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// Shortest time between two complaints of a thread.
const PAUSE: Duration = Duration::from_secs(1);

/// Decides which complaints that clients cause are logged, one a second at most, and counts the others.
#[derive(Debug, Default)]
pub struct Complaints {
    last: Cell<Option<Instant>>,
    left_out: Cell<u64>,
}

impl Complaints {
    /// Whether to log now: the number of complaints left out since the last one that was logged.
    #[must_use]
    pub fn due(&self) -> Option<u64> {
        self.due_at(Instant::now())
    }

    fn due_at(&self, now: Instant) -> Option<u64> {
        let waits = |last: Instant| now.saturating_duration_since(last) < PAUSE;
        if self.last.get().is_some_and(waits) {
            self.left_out.set(self.left_out.get() + 1);
            return None;
        }
        self.last.set(Some(now));
        Some(self.left_out.take())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_complaint_a_second_and_the_rest_is_counted() {
        let complaints = Complaints::default();
        let begin = Instant::now();
        assert_eq!(complaints.due_at(begin), Some(0));
        for ms in [1, 500, 999] {
            assert_eq!(complaints.due_at(begin + Duration::from_millis(ms)), None);
        }
        assert_eq!(complaints.due_at(begin + PAUSE), Some(3));
        assert_eq!(complaints.due_at(begin + PAUSE), None);
    }
}
