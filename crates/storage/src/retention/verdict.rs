//! Whether the oldest file of the log must go, and if not, until when it may stay.

use std::fmt;
use std::time::Duration;

use ferromq_base::{Clock, Millis};

use super::settings::{Level, Retention};

const HOUR: Duration = Duration::from_secs(3_600);

/// What a verdict is based on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look<'a> {
    pub now: Millis,
    /// For the hours of the day.
    pub clock: &'a dyn Clock,
    pub level: Level,
    /// Size of the log.
    pub log_bytes: u64,
    /// Whether an operator asks for what is past its time.
    pub asked: bool,
}

/// Why a file is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// It is older than the user wants.
    Age,
    /// The disk is too full.
    Space,
    /// The log is larger than the user wants.
    Size,
}

/// What becomes of the oldest file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Delete(Reason),
    /// It stays, at least until this time if nothing else happens; without one for ever.
    Keep(Option<Millis>),
}

impl Retention {
    /// Judges the oldest file, which was last written to at `modified`. It is not the only one.
    pub(super) fn judge(&self, look: &Look<'_>, modified: Millis) -> Verdict {
        if self.log_bytes_max != 0 && self.log_bytes_max < look.log_bytes {
            return Verdict::Delete(Reason::Size);
        }
        if self.forced && Level::Short <= look.level {
            return Verdict::Delete(Reason::Space);
        }
        let expires = modified.after(self.reserved);
        let at_any_hour = look.asked || Level::Much <= look.level;
        if expires <= look.now && (at_any_hour || self.is_hour(look.now, look.clock)) {
            return Verdict::Delete(Reason::Age);
        }
        if Level::Much <= look.level {
            return Verdict::Keep(Some(expires));
        }
        Verdict::Keep(self.next_hour(expires.max(look.now), look.clock))
    }

    /// Whether files past their time are deleted in the hour of `at`.
    fn is_hour(&self, at: Millis, clock: &dyn Clock) -> bool {
        self.delete_hours.contains(&hour(at, clock))
    }

    /// The first time from `at` on in one of the hours.
    fn next_hour(&self, at: Millis, clock: &dyn Clock) -> Option<Millis> {
        if self.is_hour(at, clock) {
            return Some(at);
        }
        let hour_ms = i64::try_from(HOUR.as_millis()).unwrap_or(i64::MAX);
        let local =
            at.0.saturating_add(clock.utc_offset(at).saturating_mul(1000));
        let full_hour = Millis(at.0.saturating_sub(local.rem_euclid(hour_ms)));
        // Two more than a day has, for days on which the clock is put forward.
        (1..=26)
            .map(|hours| full_hour.after(HOUR * hours))
            .find(|at| self.is_hour(*at, clock))
    }
}

/// Hour of the day, local time.
fn hour(at: Millis, clock: &dyn Clock) -> u8 {
    let seconds = at.0.div_euclid(1000).saturating_add(clock.utc_offset(at));
    u8::try_from(seconds.div_euclid(3_600).rem_euclid(24)).unwrap_or(0)
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Age => "it is older than fileReservedTime",
            Self::Space => "the disk is too full",
            Self::Size => "the log is larger than maxCommitLogBytes",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A place two hours ahead of Greenwich.
    #[derive(Debug)]
    struct East;

    impl Clock for East {
        fn now(&self) -> Millis {
            Millis(0)
        }

        fn utc_offset(&self, _at: Millis) -> i64 {
            7_200
        }
    }

    /// At `hour` and `minute` of a day, local time.
    fn at(day: i64, hour: i64, minute: i64) -> Millis {
        Millis((((day * 24 + hour - 2) * 60 + minute) * 60) * 1000)
    }

    fn look(now: Millis) -> Look<'static> {
        Look {
            now,
            clock: &East,
            level: Level::Fine,
            log_bytes: 2000,
            asked: false,
        }
    }

    fn settings() -> Retention {
        Retention {
            delete_hours: vec![16, 4],
            ..Retention::default()
        }
    }

    #[test]
    fn a_file_goes_in_the_hour_after_its_time() {
        let written = at(10, 12, 0);
        let judge = |now| settings().judge(&look(now), written);
        assert_eq!(judge(at(13, 4, 30)), Verdict::Keep(Some(at(13, 16, 0))));
        assert_eq!(judge(at(13, 15, 59)), Verdict::Keep(Some(at(13, 16, 0))));
        assert_eq!(judge(at(13, 16, 0)), Verdict::Delete(Reason::Age));
        assert_eq!(judge(at(13, 16, 59)), Verdict::Delete(Reason::Age));
        assert_eq!(judge(at(13, 17, 0)), Verdict::Keep(Some(at(14, 4, 0))));
    }

    #[test]
    fn a_file_that_becomes_too_old_within_the_hour_goes_then() {
        let judged = settings().judge(&look(at(13, 4, 0)), at(10, 4, 20));
        assert_eq!(judged, Verdict::Keep(Some(at(13, 4, 20))));
    }

    #[test]
    fn a_full_disk_or_an_operator_does_not_wait_for_the_hour() {
        let written = at(10, 12, 0);
        let much = Look {
            level: Level::Much,
            ..look(at(13, 12, 0))
        };
        assert_eq!(
            settings().judge(&much, written),
            Verdict::Delete(Reason::Age)
        );
        let asked = Look {
            asked: true,
            ..look(at(13, 12, 0))
        };
        assert_eq!(
            settings().judge(&asked, written),
            Verdict::Delete(Reason::Age)
        );
        let young = Look {
            now: at(13, 11, 0),
            ..much
        };
        assert_eq!(
            settings().judge(&young, written),
            Verdict::Keep(Some(at(13, 12, 0)))
        );
    }

    #[test]
    fn want_of_space_takes_any_file_if_that_is_allowed() {
        let short = Look {
            level: Level::Short,
            ..look(at(10, 12, 0))
        };
        let written = at(10, 11, 0);
        assert_eq!(
            settings().judge(&short, written),
            Verdict::Delete(Reason::Space)
        );
        let careful = Retention {
            forced: false,
            ..settings()
        };
        assert_eq!(
            careful.judge(&short, written),
            Verdict::Keep(Some(at(13, 11, 0)))
        );
    }

    #[test]
    fn a_log_that_is_too_large_loses_its_oldest_file() {
        let judge = |log_bytes_max| {
            let settings = Retention {
                log_bytes_max,
                ..Retention::everything()
            };
            settings.judge(&look(at(10, 12, 0)), at(10, 12, 0))
        };
        assert_eq!(judge(1999), Verdict::Delete(Reason::Size));
        assert_eq!(judge(2000), Verdict::Keep(None));
        assert_eq!(judge(0), Verdict::Keep(None), "nothing will ever change");
    }
}
