//! The time format of RocketMQ's console log.

use ferromq_base::Millis;

/// RocketMQ's programs log in this offset from UTC, wherever they run.
const OFFSET_HOURS: i64 = 8;

/// `yyyy-MM-dd HH:mm:ss` in GMT+8.
pub(crate) fn log_time(at: Millis) -> String {
    let seconds = at.0.div_euclid(1000) + OFFSET_HOURS * 3600;
    let (year, month, day) = date(seconds.div_euclid(86_400));
    let second = seconds.rem_euclid(86_400);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// Year, month and day of a day counted from 1970-01-01.
///
/// Counts from 1 March of year 0, so that the leap day is the last of its year.
fn date(day: i64) -> (i64, i64, i64) {
    const DAYS_TO_1970: i64 = 719_468;
    const DAYS_OF_400_YEARS: i64 = 146_097;
    let day = day + DAYS_TO_1970;
    let era = day.div_euclid(DAYS_OF_400_YEARS);
    let day = day.rem_euclid(DAYS_OF_400_YEARS);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // Months have 30.6 days on average from March on.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + year + next_year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_match_known_ones() {
        for (ms, text) in [
            (0, "1970-01-01 08:00:00"),
            (951_782_400_000, "2000-02-29 08:00:00"),
            (951_868_799_999, "2000-03-01 07:59:59"),
            (1_700_000_000_000, "2023-11-15 06:13:20"),
            (1_709_164_800_000, "2024-02-29 08:00:00"),
            (4_107_542_400_000, "2100-03-01 08:00:00"),
            (-1, "1970-01-01 07:59:59"),
        ] {
            assert_eq!(log_time(Millis(ms)), text);
        }
    }
}
