//! Where to begin to consume, as it is written on the command line.

use std::str::FromStr;

use ferromq_base::{Clock, Millis, SystemClock};
use ferromq_client::ConsumeFrom;

/// A place to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Start(pub(crate) ConsumeFrom);

/// Not a place to begin.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is neither first, last, a time ago (30s, 10m, 2h, 1d), milliseconds since 1970, nor yyyyMMddHHmmss in UTC"
)]
pub(crate) struct NotAStart(String);

impl FromStr for Start {
    type Err = NotAStart;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let from = match text {
            "first" => ConsumeFrom::First,
            "last" => ConsumeFrom::Last,
            _ => ConsumeFrom::Time(time(text).ok_or_else(|| NotAStart(text.to_owned()))?),
        };
        Ok(Self(from))
    }
}

fn time(text: &str) -> Option<Millis> {
    if let Some(millis) = ago(text) {
        return Some(Millis(SystemClock.now().0 - millis));
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if text.len() == 14 {
        return calendar(text);
    }
    text.parse().ok().map(Millis)
}

/// Milliseconds in `10m` and the like.
fn ago(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let seconds: i64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return None,
    };
    let count: i64 = text
        .strip_suffix(unit)?
        .parse()
        .ok()
        .filter(|count| 0 <= *count)?;
    count.checked_mul(seconds)?.checked_mul(1000)
}

/// The moment written as `yyyyMMddHHmmss`, in UTC.
fn calendar(text: &str) -> Option<Millis> {
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    let (hour, minute, second) = (part(8, 10)?, part(10, 12)?, part(12, 14)?);
    let sane = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    let seconds = ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    sane.then_some(Millis(seconds * 1000))
}

/// Days from 1970-01-01 to a day of the civil calendar, counted in years that begin in March so that the leap day is the last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let in_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + in_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        let start = |text: &str| text.parse::<Start>().map(|start| start.0);
        assert_eq!(start("first"), Ok(ConsumeFrom::First));
        assert_eq!(start("last"), Ok(ConsumeFrom::Last));
        let times = [
            ("1700000000000", 1_700_000_000_000),
            ("0", 0),
            ("19700101000000", 0),
            ("20231114221320", 1_700_000_000_000),
            ("20240229000000", 1_709_164_800_000),
            ("20000301000000", 951_868_800_000),
        ];
        for (text, millis) in times {
            assert_eq!(start(text), Ok(ConsumeFrom::Time(Millis(millis))), "{text}");
        }
        for text in [
            "",
            "First",
            "-1",
            "10x",
            "m",
            "-5m",
            "20231314221320",
            "1.5h",
        ] {
            assert!(start(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_ago_counts_from_now() {
        let now = SystemClock.now().0;
        let Ok(Start(ConsumeFrom::Time(Millis(at)))) = "2h".parse() else {
            unreachable!("a time ago is a time");
        };
        assert!((now - 7_200_000..now - 7_190_000).contains(&at));
    }
}
