//! Retry and dead-letter rules: pure decisions, shared by send-back and by sends to a retry topic.

use ferromq_wire::version::Version;

use crate::groups::GroupConfig;

/// Added to the number of failures to get the delay level of the next try: the first retry waits level 3.
const RETRY_LEVEL_FIRST: i32 = 3;

/// How often a message may fail: what the request says, or the group's setting for clients too old to say it.
pub(crate) fn limit(asked: Option<i32>, client: Version, group: &GroupConfig) -> i32 {
    let asked = asked.filter(|_| Version::V3_4_9 <= client);
    asked.unwrap_or(group.retry_max_times)
}

/// Where a message goes that a consumer could not use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Back to the retry topic, after the delay of this level.
    Retry {
        /// Delay level; levels beyond the table are clamped when the message is stored.
        level: i32,
    },
    /// To the dead-letter topic of the group.
    DeadLetter,
}

/// The fate of a message sent back after `failures` earlier failures. `level` is the consumer's wish: 0 means by the
/// number of failures, a negative one means dead letter at once.
pub(crate) fn sent_back(failures: i32, failures_max: i32, level: i32) -> Fate {
    if failures_max <= failures || level < 0 {
        return Fate::DeadLetter;
    }
    let level = match level {
        0 => RETRY_LEVEL_FIRST.saturating_add(failures),
        wished => wished,
    };
    Fate::Retry { level }
}

/// Whether a message that a consumer itself sent to the retry topic goes to the dead-letter topic instead. Unlike in
/// [`sent_back`] the sender has counted the present failure already.
pub(crate) fn resent_is_dead(failures: i32, failures_max: i32) -> bool {
    failures_max < failures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_retries_climb_the_levels_and_the_next_failure_is_final() {
        for failures in 0..16 {
            let level = 3 + failures;
            assert_eq!(sent_back(failures, 16, 0), Fate::Retry { level });
        }
        assert_eq!(sent_back(16, 16, 0), Fate::DeadLetter);
    }

    #[test]
    fn the_consumers_wish_is_followed() {
        assert_eq!(sent_back(5, 16, 2), Fate::Retry { level: 2 });
        assert_eq!(sent_back(0, 16, -1), Fate::DeadLetter);
        assert_eq!(sent_back(0, 0, 0), Fate::DeadLetter);
    }

    #[test]
    fn a_resent_message_dies_one_failure_later() {
        assert!(!resent_is_dead(16, 16));
        assert!(resent_is_dead(17, 16));
    }
}
