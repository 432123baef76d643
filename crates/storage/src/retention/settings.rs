//! How long messages are kept. Names in parentheses are RocketMQ's keys.

use std::time::Duration;

use ferromq_disk::Space;

/// What is deleted when. May change while the store is open: [`crate::Store::set_retention`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Hours of the day, local time, in which files older than `reserved` are deleted (`deleteWhen`).
    pub delete_hours: Vec<u8>,
    /// How long a file of the log is kept after it was last written to (`fileReservedTime`).
    pub reserved: Duration,
    /// Used share of the disk above which such files are deleted at any hour (`diskMaxUsedSpaceRatio`).
    pub used_percent_max: u8,
    /// Used share above which the oldest files are deleted whatever their age (`diskSpaceCleanForciblyRatio`).
    pub used_percent_forced: u8,
    /// Used share above which appends are refused, until it is not above `used_percent_forced` any more
    /// (`diskSpaceWarningLevelRatio`).
    pub used_percent_refused: u8,
    /// Whether files may be deleted before their time for want of space (`cleanFileForciblyEnable`).
    pub forced: bool,
    /// Most files of the log deleted before a pause of `look_pause` (`deleteFileBatchMax`).
    pub batch: u32,
    /// Pause between two files of the log (`deleteCommitLogFilesInterval`).
    pub file_pause: Duration,
    /// Pause between two queues whose old files are deleted (`deleteConsumeQueueFilesInterval`).
    pub queue_pause: Duration,
    /// Shortest time between two looks at the free space while messages arrive (`cleanResourceInterval`).
    pub look_pause: Duration,
    /// Largest size of the log with the file that is made ahead; oldest files beyond are deleted at once. 0: no limit.
    pub log_bytes_max: u64,
    /// If not 0, it stands for both of the higher used shares: with less free space appends are refused, with less than
    /// twice as much the oldest files are deleted.
    pub free_bytes_min: u64,
    /// The space of a deleted file is given back in steps of so many bytes, for the file system works on them alone: up to eight
    /// times as much if space is short, or if the log has grown by more than half of that since the last step.
    pub step_bytes: u64,
    /// Shortest pause between two such steps. While there is space it is as long as it takes for the steps to have 2 % of the
    /// time, up to a second, but ends when the log has grown by half a step.
    pub step_pause: Duration,
}

impl Retention {
    /// Deletes nothing and refuses nothing.
    #[must_use]
    pub fn everything() -> Self {
        Self {
            delete_hours: Vec::new(),
            used_percent_max: 100,
            used_percent_forced: 100,
            used_percent_refused: 100,
            forced: false,
            ..Self::default()
        }
    }

    /// What the free space of a disk means.
    pub(super) fn level(&self, space: Space) -> Level {
        let used = space.used_percent();
        let (full, short) = match self.free_bytes_min {
            0 => (
                self.used_percent_refused < used,
                self.used_percent_forced < used,
            ),
            min => (
                space.available < min,
                space.available < min.saturating_mul(2),
            ),
        };
        if full {
            Level::Full
        } else if short {
            Level::Short
        } else if self.used_percent_max < used {
            Level::Much
        } else {
            Level::Fine
        }
    }
}

impl Default for Retention {
    /// RocketMQ's defaults, without limits in bytes.
    fn default() -> Self {
        Self {
            delete_hours: vec![4],
            reserved: Duration::from_secs(72 * 3_600),
            used_percent_max: 75,
            used_percent_forced: 85,
            used_percent_refused: 90,
            forced: true,
            batch: 10,
            file_pause: Duration::from_millis(100),
            queue_pause: Duration::from_millis(100),
            look_pause: Duration::from_secs(10),
            log_bytes_max: 0,
            free_bytes_min: 0,
            step_bytes: 8 << 20,
            step_pause: Duration::from_millis(32),
        }
    }
}

/// How full a disk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// Nothing to do.
    Fine,
    /// Files past their time go at any hour.
    Much,
    /// The oldest files go.
    Short,
    /// Besides, nothing new is taken.
    Full,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(settings: &Retention, available: u64) -> Level {
        settings.level(Space {
            total: 1000,
            available,
        })
    }

    #[test]
    fn percents_are_rounded_up_and_compared_as_rocketmq_does() {
        let defaults = Retention::default();
        assert_eq!(level(&defaults, 250), Level::Fine);
        assert_eq!(level(&defaults, 249), Level::Much);
        assert_eq!(level(&defaults, 150), Level::Much);
        assert_eq!(level(&defaults, 149), Level::Short);
        assert_eq!(level(&defaults, 100), Level::Short);
        assert_eq!(level(&defaults, 99), Level::Full);
    }

    #[test]
    fn a_limit_in_bytes_stands_for_the_higher_percents() {
        let settings = Retention {
            free_bytes_min: 10,
            ..Retention::default()
        };
        assert_eq!(level(&settings, 20), Level::Much);
        assert_eq!(level(&settings, 19), Level::Short);
        assert_eq!(level(&settings, 10), Level::Short);
        assert_eq!(level(&settings, 9), Level::Full);
    }

    #[test]
    fn who_keeps_everything_is_never_short_of_space() {
        assert_eq!(level(&Retention::everything(), 0), Level::Fine);
    }
}
