//! How the queues of a topic are divided among the members of a group. All members compute the same division from the same
//! sorted lists; nobody coordinates.

use crate::queue::MessageQueue;

/// A rule for dividing queues. All members of a group must use the same one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Strategy {
    /// Blocks of neighbouring queues; the first members get one more if it does not come out even. RocketMQ's default (`AVG`).
    #[default]
    Averagely,
    /// Queue `k` goes to member `k mod members`, like dealing cards (`AVG_BY_CIRCLE`).
    ByCircle,
}

impl Strategy {
    /// RocketMQ's name of the rule.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Averagely => "AVG",
            Self::ByCircle => "AVG_BY_CIRCLE",
        }
    }

    /// The queues of member `me`. Both lists are sorted here. A member that is not in the list gets nothing: it must wait
    /// until the broker has seen its heartbeat, otherwise two members would take the same queue.
    #[must_use]
    pub fn divide(
        self,
        mut queues: Vec<MessageQueue>,
        mut members: Vec<String>,
        me: &str,
    ) -> Vec<MessageQueue> {
        queues.sort();
        queues.dedup();
        members.sort();
        members.dedup();
        let Some(index) = members.iter().position(|member| member == me) else {
            return Vec::new();
        };
        match self {
            Self::Averagely => block(queues, members.len(), index),
            Self::ByCircle => queues
                .into_iter()
                .skip(index)
                .step_by(members.len())
                .collect(),
        }
    }
}

/// The block of member `index` of `members`.
fn block(queues: Vec<MessageQueue>, members: usize, index: usize) -> Vec<MessageQueue> {
    let (share, rest) = (queues.len() / members, queues.len() % members);
    let start = index * share + index.min(rest);
    let size = share + usize::from(index < rest);
    queues.into_iter().skip(start).take(size).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queues(count: u32) -> Vec<MessageQueue> {
        (0..count)
            .rev()
            .map(|id| MessageQueue::new("T", "b", id))
            .collect()
    }

    fn all(strategy: Strategy, count: u32, members: usize) -> Vec<Vec<u32>> {
        let names: Vec<String> = (0..members).rev().map(|i| format!("m{i}")).collect();
        (0..members)
            .map(|i| {
                let mine = strategy.divide(queues(count), names.clone(), &format!("m{i}"));
                mine.iter().map(|queue| queue.id.0).collect()
            })
            .collect()
    }

    #[test]
    fn averagely_gives_blocks() {
        let cases: [(u32, usize, &[&[u32]]); 4] = [
            (8, 3, &[&[0, 1, 2], &[3, 4, 5], &[6, 7]]),
            (10, 4, &[&[0, 1, 2], &[3, 4, 5], &[6, 7], &[8, 9]]),
            (3, 5, &[&[0], &[1], &[2], &[], &[]]),
            (0, 2, &[&[], &[]]),
        ];
        for (count, members, expected) in cases {
            assert_eq!(all(Strategy::Averagely, count, members), expected);
        }
    }

    #[test]
    fn by_circle_deals() {
        let cases: [(u32, usize, &[&[u32]]); 3] = [
            (8, 3, &[&[0, 3, 6], &[1, 4, 7], &[2, 5]]),
            (10, 4, &[&[0, 4, 8], &[1, 5, 9], &[2, 6], &[3, 7]]),
            (3, 5, &[&[0], &[1], &[2], &[], &[]]),
        ];
        for (count, members, expected) in cases {
            assert_eq!(all(Strategy::ByCircle, count, members), expected);
        }
    }

    #[test]
    fn every_queue_goes_to_exactly_one_member() {
        for strategy in [Strategy::Averagely, Strategy::ByCircle] {
            for count in 0..20 {
                for members in 1..8 {
                    let mut given: Vec<u32> = all(strategy, count, members)
                        .into_iter()
                        .flatten()
                        .collect();
                    given.sort_unstable();
                    assert_eq!(given, (0..count).collect::<Vec<_>>());
                }
            }
        }
    }

    #[test]
    fn a_stranger_gets_nothing() {
        let mine = Strategy::Averagely.divide(queues(4), vec!["a".into(), "b".into()], "c");
        assert!(mine.is_empty());
    }

    #[test]
    fn names_sort_as_text_and_numbers_as_numbers() {
        let mut queues = [
            MessageQueue::new("T", "broker-2", 0),
            MessageQueue::new("T", "broker-10", 10),
            MessageQueue::new("T", "broker-10", 9),
        ];
        queues.sort();
        let order: Vec<String> = queues.iter().map(ToString::to_string).collect();
        assert_eq!(order, ["T@broker-10:9", "T@broker-10:10", "T@broker-2:0"]);
    }
}
