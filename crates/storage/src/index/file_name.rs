//! Names of index files: the time of creation as `yyyyMMddHHmmssSSS`. Only their order matters.

use ferromq_base::Millis;

/// The name for a file created at `now` (in UTC), made larger than `last` if there is one.
pub(super) fn next(now: Millis, last: Option<&str>) -> String {
    let name = name(now);
    match last {
        Some(last) if name.as_str() <= last => {
            let after = last.parse::<u64>().map_or(0, |n| n + 1);
            format!("{after:017}")
        }
        _ => name,
    }
}

/// Whether this can be the name of an index file.
pub(super) fn is_name(name: &str) -> bool {
    name.len() == 17 && name.bytes().all(|b| b.is_ascii_digit())
}

fn name(now: Millis) -> String {
    let millis = now.0.max(0);
    let (days, millis) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
    let (year, month, day) = date(days);
    let (seconds, millis) = (millis / 1000, millis % 1000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}{millis:03}")
}

/// The date that many days after 1970-01-01: years counted from March, so that leap days come last.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_times_and_always_grow() {
        assert_eq!(next(Millis(1_700_000_000_005), None), "20231114221320005");
        assert_eq!(next(Millis(951_782_400_000), None), "20000229000000000");
        assert_eq!(next(Millis(0), None), "19700101000000000");
        let last = Some("20231114221320005");
        assert_eq!(next(Millis(1_700_000_000_005), last), "20231114221320006");
        assert_eq!(next(Millis(5), last), "20231114221320006");
        assert!(is_name("20231114221320005") && !is_name("2023111422132000x"));
    }
}
