//! The delay levels of a broker: `messageDelayLevel`, a list such as `1s 5s 2m 1h`.

use std::time::Duration;

use crate::kind::{Kind, Refused};

/// Most levels a list may have; the level is the queue number of the schedule topic.
const LEVELS_MAX: usize = 128;

/// Delays by level; level 1 is the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelayLevels {
    delays: Vec<Duration>,
    text: String,
}

impl DelayLevels {
    /// Reads a list of delays, each a whole number with unit `s`, `m`, `h` or `d`, separated by blanks. The error says
    /// what is allowed.
    pub fn parse(text: &str) -> Result<Self, String> {
        let delays: Option<Vec<Duration>> = text.split_whitespace().map(delay).collect();
        match delays {
            Some(delays) if (1..=LEVELS_MAX).contains(&delays.len()) => Ok(Self {
                delays,
                text: text.to_owned(),
            }),
            _ => Err(format!(
                "1 to {LEVELS_MAX} delays such as `1s 5s 2m 1h`, units s, m, h, d"
            )),
        }
    }

    /// The highest level.
    #[must_use]
    pub fn max_level(&self) -> u32 {
        u32::try_from(self.delays.len()).unwrap_or(u32::MAX)
    }

    /// The delay of `level`, counted from 1; a level above the highest counts as the highest, 0 has none.
    #[must_use]
    pub fn delay(&self, level: u32) -> Option<Duration> {
        let index = usize::try_from(level.checked_sub(1)?).ok()?;
        self.delays
            .get(index.min(self.delays.len().saturating_sub(1)))
            .copied()
    }

    /// All delays, level 1 first.
    #[must_use]
    pub fn delays(&self) -> &[Duration] {
        &self.delays
    }
}

/// One delay: a number and its unit.
fn delay(text: &str) -> Option<Duration> {
    let unit = text.chars().last()?;
    let number: u64 = text
        .get(..text.len().checked_sub(unit.len_utf8())?)?
        .parse()
        .ok()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    // A year is far beyond anything useful and keeps all later sums far from overflow.
    let seconds = number.checked_mul(seconds)?;
    (seconds <= 366 * 86_400).then(|| Duration::from_secs(seconds))
}

impl Kind for DelayLevels {
    type Value = Self;
    const NAME: &'static str = "delays";

    fn read(text: &str, _range: Option<(i64, i64)>) -> Result<Self, Refused<Self>> {
        Self::parse(text).map_err(|allowed| Refused {
            allowed,
            instead: None,
        })
    }

    fn write(value: &Self) -> String {
        value.text.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_all_units_and_clamps_the_level() {
        let levels = DelayLevels::parse("1s 2m 3h 4d").unwrap();
        assert_eq!(levels.max_level(), 4);
        assert_eq!(levels.delay(0), None);
        assert_eq!(levels.delay(2), Some(Duration::from_secs(120)));
        assert_eq!(levels.delay(99), Some(Duration::from_secs(4 * 86_400)));
    }

    #[test]
    fn refuses_what_is_no_delay() {
        for text in [
            "",
            "1",
            "s",
            "1x",
            "-1s",
            "1s 2",
            "99999999999999999999s",
            "1é",
            "400d",
        ] {
            assert!(DelayLevels::parse(text).is_err(), "{text}");
        }
    }
}
