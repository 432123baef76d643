//! What is counted, in all and second by second.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

/// Latencies above this are recorded as this.
const LATENCY_MAX: Duration = Duration::from_secs(60);
/// Longest time that the generator may stand still while it reads the server's counters.
const STANDSTILL_MAX: Duration = Duration::from_millis(50);
/// Decimal digits to which latencies are exact.
const LATENCY_DIGITS: u8 = 3;

/// Figures of one second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// Seconds since the measurement began, at the end of this one.
    pub at: f64,
    /// Messages per second.
    pub rate: f64,
    /// Latencies in microseconds: p50, p99, p99.9 and the longest; 0 if there were none.
    pub latency_us: [f64; 4],
}

/// Counts of one stream of messages.
#[derive(Debug)]
pub struct Tally {
    /// Messages moved in the measured time.
    pub messages: u64,
    /// Requests answered in the measured time.
    pub requests: u64,
    /// Refusals by response code, over the whole run.
    pub refused: BTreeMap<i64, u64>,
    /// Latencies in nanoseconds up to the last whole second.
    pub latency: Histogram<u64>,
    /// The seconds so far.
    pub points: Vec<Point>,
    second: Histogram<u64>,
    second_messages: u64,
    begun: Instant,
    /// End of the last standstill of the generator.
    went_on: Instant,
}

impl Tally {
    /// Nothing counted yet.
    ///
    /// # Panics
    /// Never: the histogram's bounds are constants that it accepts.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self {
            messages: 0,
            requests: 0,
            refused: BTreeMap::new(),
            latency: histogram(),
            points: Vec::new(),
            second: histogram(),
            second_messages: 0,
            begun: now,
            went_on: now,
        }
    }

    /// Forgets all but refusals: the measured time begins.
    pub fn begin(&mut self, now: Instant) {
        self.messages = 0;
        self.requests = 0;
        self.latency.reset();
        self.second.reset();
        self.second_messages = 0;
        self.points.clear();
        self.begun = now;
        self.went_on = now;
    }

    /// The generator stood still until `now`.
    pub fn goes_on(&mut self, now: Instant) {
        self.went_on = now;
    }

    /// A request was answered and moved `messages`.
    pub fn answered(&mut self, messages: u64) {
        self.requests += 1;
        self.messages += messages;
        self.second_messages += messages;
    }

    /// Something that began at `since` took until `now`. What began shortly before the generator went on is left
    /// out: it has waited while the counters of the server were read. What began long before is late by itself.
    pub fn took(&mut self, since: Instant, now: Instant) {
        let before = self.went_on.saturating_duration_since(since);
        if !before.is_zero() && before < STANDSTILL_MAX {
            return;
        }
        let latency = now.saturating_duration_since(since).min(LATENCY_MAX);
        self.second.saturating_record(latency.as_nanos() as u64);
    }

    /// A request was refused with `code`.
    pub fn refused(&mut self, code: i64) {
        *self.refused.entry(code).or_default() += 1;
    }

    /// Closes the second that began `length` ago.
    pub fn end_second(&mut self, now: Instant, length: Duration) -> Point {
        let micros = |nanos: u64| nanos as f64 / 1e3;
        let percentile = |percentile| micros(self.second.value_at_percentile(percentile));
        let point = Point {
            at: now.saturating_duration_since(self.begun).as_secs_f64(),
            rate: self.second_messages as f64 / length.as_secs_f64().max(1e-9),
            latency_us: [
                percentile(50.0),
                percentile(99.0),
                percentile(99.9),
                micros(self.second.max()),
            ],
        };
        self.points.push(point);
        // Both have the same bounds.
        let _ = self.latency.add(&self.second);
        self.second.reset();
        self.second_messages = 0;
        point
    }
}

/// A histogram of nanoseconds.
fn histogram() -> Histogram<u64> {
    #[expect(clippy::unwrap_used, reason = "the bounds are constants")]
    Histogram::new_with_max(LATENCY_MAX.as_nanos() as u64, LATENCY_DIGITS).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_add_up_to_the_whole() {
        let start = Instant::now();
        let mut tally = Tally::new(start);
        for micros in 1..=1000 {
            tally.answered(2);
            tally.took(start, start + Duration::from_micros(micros));
        }
        let point = tally.end_second(start + Duration::from_secs(1), Duration::from_secs(1));
        assert_eq!((point.at, point.rate), (1.0, 2000.0));
        let expected = [500.0, 990.0, 999.0, 1000.0];
        for (got, expected) in point.latency_us.into_iter().zip(expected) {
            assert!((got / expected - 1.0).abs() < 0.002, "{got} {expected}");
        }
        tally.took(start, start + Duration::from_secs(100));
        let half = Duration::from_millis(500);
        tally.answered(1);
        let point = tally.end_second(start + 3 * half, half);
        assert_eq!((point.at, point.rate), (1.5, 2.0));
        assert_eq!((tally.messages, tally.requests), (2001, 1001));
        assert_eq!(tally.latency.len(), 1001);
        // Longer than can be recorded: the longest that can.
        assert!(tally.latency.max() >= 60_000_000_000);
    }

    #[test]
    fn what_waited_for_the_generator_has_no_latency() {
        let start = Instant::now();
        let later = start + Duration::from_millis(49);
        let mut tally = Tally::new(start);
        tally.refused(2);
        tally.begin(start);
        tally.goes_on(later);
        tally.took(start, later);
        tally.answered(1);
        tally.end_second(later, Duration::from_secs(1));
        assert_eq!((tally.latency.len(), tally.messages), (0, 1));
        tally.took(later - Duration::from_millis(50), later);
        tally.end_second(later, Duration::from_secs(1));
        assert_eq!(tally.latency.len(), 1);
        assert_eq!(tally.refused.get(&2), Some(&1));
        assert_eq!(tally.points[0].latency_us, [0.0; 4]);
        assert!(tally.points[1].latency_us[3] >= 49_900.0);
    }
}
