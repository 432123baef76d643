//! How fast the space of deleted files is given back: so slowly that nobody feels it, but always faster than the log grows.

use std::time::Duration;

use super::settings::{Level, Retention};

/// After a step the disk is left alone for so many times as long as the step took, so that freeing has 2 % of its time. A step takes
/// long where others wait long, too: on a busy disk, or one that gives each freed extent back to its device at once.
const REST_TIMES: u32 = 49;
/// Longest rest: an hour for a file of 1 GiB would help nobody.
const REST_MAX: Duration = Duration::from_secs(1);
/// So often within a rest it is seen whether the log has grown too much for it.
const REST_PART: Duration = Duration::from_millis(50);
/// So many steps at most are taken at once: if space is short, or if the log has grown a lot.
const AT_ONCE: u64 = 8;

/// Decides how much is freed, and when.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// End of the log at the last step.
    log_end: u64,
    /// What is left of the rest after it.
    rest: Duration,
}

impl Pace {
    /// There is a file to free: what the log, which ends at `log_end`, has grown before does not count.
    pub(super) fn begin(&mut self, log_end: u64) {
        self.log_end = log_end;
    }

    /// Bytes to free now, or how long to wait before asking again.
    pub(super) fn step(
        &mut self,
        settings: &Retention,
        level: Level,
        log_end: u64,
    ) -> Result<u64, Duration> {
        let most = settings.step_bytes.saturating_mul(AT_ONCE);
        let wanted = if Level::Short <= level {
            most
        } else {
            log_end.saturating_sub(self.log_end).saturating_mul(2)
        };
        if wanted < settings.step_bytes && !self.rest.is_zero() {
            let pause = self.rest.min(REST_PART);
            self.rest -= pause;
            return Err(pause);
        }
        self.log_end = log_end;
        Ok(wanted.clamp(settings.step_bytes, most))
    }

    /// How long to wait before asking again after a step that took the time `took`; `least` in any case.
    pub(super) fn rest(&mut self, took: Duration, least: Duration) -> Duration {
        let rest = took.saturating_mul(REST_TIMES).min(REST_MAX);
        self.rest = rest.saturating_sub(least);
        least
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    /// A disk that frees `bytes_per_second`, and a log that grows by `grows_per_second`.
    struct Simulated {
        level: Level,
        bytes_per_second: u64,
        grows_per_second: u64,
    }

    /// What came of it.
    struct Outcome {
        time: Duration,
        /// Share of the time in which it freed, in percent.
        busy: f64,
        largest_step: u64,
    }

    fn time(bytes: u64, bytes_per_second: u64) -> Duration {
        Duration::from_micros(bytes * 1_000_000 / bytes_per_second)
    }

    impl Simulated {
        /// A log to which nobody appends.
        fn resting(level: Level, bytes_per_second: u64) -> Self {
            Self {
                level,
                bytes_per_second,
                grows_per_second: 0,
            }
        }

        /// Frees a file of 1 GiB.
        fn free(&self) -> Outcome {
            let settings = Retention::default();
            let mut pace = Pace::default();
            let (mut now, mut busy) = (Duration::ZERO, Duration::ZERO);
            let (mut left, mut largest_step) = (1024 * MIB, 0);
            let before = 77_000 * MIB;
            pace.begin(before);
            while 0 < left {
                let grown = now.as_micros() * u128::from(self.grows_per_second) / 1_000_000;
                let log_end = before + u64::try_from(grown).unwrap();
                now += match pace.step(&settings, self.level, log_end) {
                    Err(pause) => pause,
                    Ok(step) => {
                        left = left.saturating_sub(step);
                        largest_step = largest_step.max(step);
                        let took = time(step, self.bytes_per_second);
                        busy += took;
                        took + pace.rest(took, settings.step_pause)
                    }
                };
            }
            Outcome {
                time: now,
                busy: busy.as_secs_f64() / now.as_secs_f64() * 100.0,
                largest_step,
            }
        }
    }

    #[test]
    fn a_quick_disk_is_left_alone_between_steps_as_the_settings_say() {
        let outcome = Simulated::resting(Level::Fine, 100_000 * MIB).free();
        assert_eq!(outcome.largest_step, 8 * MIB);
        assert_eq!(outcome.time.as_millis(), 128 * 32 + 10);
    }

    #[test]
    fn a_slow_disk_has_a_fiftieth_of_its_time_to_free() {
        for bytes_per_second in [5_000 * MIB, 1_000 * MIB, 500 * MIB] {
            let outcome = Simulated::resting(Level::Much, bytes_per_second).free();
            assert_eq!(outcome.largest_step, 8 * MIB);
            let busy = outcome.busy;
            assert!((1.9..2.1).contains(&busy), "{busy} %");
        }
    }

    #[test]
    fn a_rest_is_a_second_at_most() {
        let outcome = Simulated::resting(Level::Fine, MIB).free();
        assert_eq!(outcome.time.as_millis(), 1_024_000 + 127_000 + 32);
    }

    #[test]
    fn more_is_freed_than_the_log_grows_in_steps_that_are_not_much_larger() {
        for megabytes in [1, 10, 100, 300] {
            let outcome = Simulated {
                level: Level::Fine,
                bytes_per_second: 1_000 * MIB,
                grows_per_second: megabytes * MIB,
            }
            .free();
            let grown = outcome.time.as_secs_f64() * megabytes as f64;
            assert!(
                grown < 700.0,
                "{megabytes} MiB/s: {grown} MiB for 1024 MiB freed"
            );
            let largest = outcome.largest_step / MIB;
            assert!(largest <= 64, "{megabytes} MiB/s: {largest} MiB at once");
        }
    }

    #[test]
    fn who_is_short_of_space_does_not_rest() {
        let outcome = Simulated::resting(Level::Short, 500 * MIB).free();
        assert_eq!(outcome.largest_step, 64 * MIB);
        assert_eq!(outcome.time.as_millis(), 2048 + 16 * 32);
    }
}
