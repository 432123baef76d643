//! All queues of all topics of a run, by number.

use std::sync::Arc;

/// Every (topic, queue) of a run. Neighbouring numbers are different topics, so that load spreads at once.
#[derive(Clone, Debug)]
pub struct Targets {
    topics: Arc<[String]>,
    queues: u32,
}

impl Targets {
    /// The queues `0..queues` of each of `topics`.
    #[must_use]
    pub fn new(topics: Vec<String>, queues: u32) -> Self {
        Self {
            topics: topics.into(),
            queues: queues.max(1),
        }
    }

    /// Number of queues over all topics.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.topics.len() as u64 * u64::from(self.queues)
    }

    /// Topic and queue of `number`; numbers beyond the last one start over.
    #[must_use]
    pub fn get(&self, number: u64) -> (&str, u32) {
        let topics = self.topics.len() as u64;
        let topic = &self.topics[(number % topics) as usize];
        (topic, (number / topics % u64::from(self.queues)) as u32)
    }

    /// Where sender `sender` of `senders` begins: far from the others, so that they do not walk through many queues side by side.
    #[must_use]
    pub fn first_of(&self, sender: u64, senders: u64) -> u64 {
        sender * (self.count() / senders.max(1)).max(1)
    }

    /// The topics' names.
    #[must_use]
    pub fn topics(&self) -> &[String] {
        &self.topics
    }

    /// Queues per topic.
    #[must_use]
    pub fn queues(&self) -> u32 {
        self.queues
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_reach_every_queue_once_and_then_start_over() {
        let targets = Targets::new(vec!["a".into(), "b".into()], 3);
        let mut seen: Vec<_> = (0..targets.count()).map(|n| targets.get(n)).collect();
        assert_eq!(seen[..3], [("a", 0), ("b", 0), ("a", 1)]);
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 6);
        assert_eq!(targets.get(6), targets.get(0));
    }

    #[test]
    fn senders_begin_apart_and_at_every_queue_if_there_are_few() {
        let firsts = |topics: usize, senders| -> Vec<u64> {
            let targets = Targets::new(vec!["t".into(); topics], 3);
            (0..senders).map(|n| targets.first_of(n, senders)).collect()
        };
        assert_eq!(firsts(10, 3), [0, 10, 20]);
        assert_eq!(firsts(1, 5), [0, 1, 2, 3, 4]);
    }
}
