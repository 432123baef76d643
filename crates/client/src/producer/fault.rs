//! Brokers to be avoided for a while, because they failed or were slow.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use tokio::time::Instant;

/// Measured time of a send, and for how long a broker that slow is avoided. RocketMQ's own steps.
const STEPS: [(Duration, Duration); 5] = [
    (Duration::from_millis(15_000), Duration::from_secs(30)),
    (Duration::from_millis(5_000), Duration::from_secs(10)),
    (Duration::from_millis(3_000), Duration::from_secs(6)),
    (Duration::from_millis(1_800), Duration::from_secs(5)),
    (Duration::from_millis(550), Duration::from_secs(2)),
];
/// A failure counts as a send that took this long.
const FAILURE: Duration = Duration::from_secs(10);

/// Which brokers are avoided, by broker name. The way of a good send takes no lock that anybody else holds for long.
#[derive(Debug, Default)]
pub(super) struct FaultTable {
    avoided: Mutex<FxHashMap<Arc<str>, Instant>>,
}

impl FaultTable {
    /// Notes how long a send took.
    pub(super) fn took(&self, broker: &Arc<str>, time: Duration) {
        if let Some((_, pause)) = STEPS.iter().find(|(least, _)| *least <= time) {
            self.avoid(broker, *pause);
        }
    }

    /// Notes that a send failed.
    pub(super) fn failed(&self, broker: &Arc<str>) {
        self.took(broker, FAILURE);
    }

    /// Whether the broker may be chosen.
    pub(super) fn is_good(&self, broker: &str) -> bool {
        let mut avoided = self.avoided.lock();
        if avoided.is_empty() {
            return true;
        }
        match avoided.get(broker) {
            Some(until) if Instant::now() < *until => false,
            Some(_) => {
                avoided.remove(broker);
                true
            }
            None => true,
        }
    }

    /// The end of a pause only moves forward.
    fn avoid(&self, broker: &Arc<str>, pause: Duration) {
        let until = Instant::now() + pause;
        let mut avoided = self.avoided.lock();
        let end = avoided.entry(Arc::clone(broker)).or_insert(until);
        *end = until.max(*end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn slowness_and_failure_are_avoided_for_the_time_of_their_step() {
        let cases = [
            (549, 0),
            (550, 2),
            (1_799, 2),
            (1_800, 5),
            (3_000, 6),
            (5_000, 10),
            (15_000, 30),
        ];
        for (millis, pause) in cases {
            let table = FaultTable::default();
            let broker: Arc<str> = "b".into();
            table.took(&broker, Duration::from_millis(millis));
            assert_eq!(table.is_good("b"), pause == 0, "{millis} ms");
            tokio::time::advance(Duration::from_secs(pause)).await;
            assert!(table.is_good("b"), "{millis} ms");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_of_a_pause_never_moves_back() {
        let table = FaultTable::default();
        let broker: Arc<str> = "b".into();
        table.failed(&broker);
        table.took(&broker, Duration::from_millis(600));
        tokio::time::advance(Duration::from_secs(9)).await;
        assert!(!table.is_good("b"));
        assert!(table.is_good("other"));
    }
}
