//! The clock of this host, with its time zone: `deleteWhen` means hours as people here count them.

use ferromq_base::{Clock, Millis, SystemClock};
use tz::TimeZone;

/// The system's clock and time zone.
#[derive(Clone, Debug)]
pub(crate) struct LocalClock {
    zone: TimeZone,
}

impl LocalClock {
    /// The zone that the variable `TZ` names, else that of `/etc/localtime`, else UTC.
    pub(crate) fn of_this_host() -> Self {
        let named = std::env::var("TZ").ok().filter(|name| !name.is_empty());
        let zone = named
            .and_then(|name| TimeZone::from_posix_tz(&name).ok())
            .or_else(|| TimeZone::local().ok())
            .unwrap_or_else(TimeZone::utc);
        Self { zone }
    }
}

impl Clock for LocalClock {
    fn now(&self) -> Millis {
        SystemClock.now()
    }

    fn utc_offset(&self, at: Millis) -> i64 {
        let local = self.zone.find_local_time_type(at.0.div_euclid(1000));
        local.map_or(0, |local| i64::from(local.ut_offset()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offset_follows_the_rules_of_the_zone() {
        let zone = TimeZone::from_posix_tz("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let clock = LocalClock { zone };
        // 14 November 2023 and 1 July 2023.
        assert_eq!(clock.utc_offset(Millis(1_700_000_000_000)), 3_600);
        assert_eq!(clock.utc_offset(Millis(1_688_169_600_000)), 7_200);
    }
}
