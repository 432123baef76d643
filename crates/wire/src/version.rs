//! Version numbers of the wire: ordinals of RocketMQ's releases.

use std::fmt;

/// Ordinal of a RocketMQ release, as frames carry it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub i32);

impl Version {
    /// 3.0.7-SNAPSHOT: from here on a client may be asked 220 and 221.
    pub const V3_0_7_SNAPSHOT: Self = Self(28);
    /// 3.0.11: from here on brokers register with the full body.
    pub const V3_0_11: Self = Self(37);
    /// 3.1.8-SNAPSHOT: from here on a client may be asked 307 and 309.
    pub const V3_1_8_SNAPSHOT: Self = Self(62);
    /// 3.4.9: from here on `maxReconsumeTimes` of requests is honoured.
    pub const V3_4_9: Self = Self(121);
    /// 4.1.0: Java clients accept SQL92 subscriptions of brokers from here on.
    pub const V4_1_0: Self = Self(233);
    /// 4.9.3.
    pub const V4_9_3: Self = Self(399);
    /// 4.9.4: from here on clients get routes in standard JSON.
    pub const V4_9_4: Self = Self(401);
    /// 5.0.0: from here on a compressed registration has the mapping section.
    pub const V5_0_0: Self = Self(413);
    /// 5.3.1: above it a peer understands GO_AWAY.
    pub const V5_3_1: Self = Self(475);
    /// 5.3.3: what FerroMQ says of itself.
    pub const CURRENT: Self = Self(479);
    /// Stands for everything beyond 5.9.9.
    pub const HIGHER: Self = Self(612);

    /// Ordinal of the release `a.b.c`; none for releases the formula does not cover.
    #[must_use]
    pub fn of_release(a: u8, b: u8, c: u8) -> Option<Self> {
        let (a, b, c) = (i32::from(a), i32::from(b), i32::from(c));
        let ordinal = match (a, b, c) {
            (3, 0, 0) => 15,
            (3, 0, 1..=15) => 15 + 2 * c,
            (3, 1, 0..=9) => 47 + 2 * c,
            (3, 2, 0..=9) => 67 + 2 * c,
            (3, 3..=9, 1..=9) => 85 + 18 * (b - 3) + 2 * c,
            (4..=5, 0..=9, 0..=9) => 213 + 200 * (a - 4) + 20 * b + 2 * c,
            _ => return None,
        };
        Some(Self(ordinal))
    }

    /// The release behind the ordinal and whether it is a snapshot of it; none for the oldest and for unknown ones.
    fn release(self) -> Option<(i32, i32, i32, bool)> {
        let snapshot = self.0 & 1 == 0;
        let even = self.0 + i32::from(snapshot) - 1;
        let (a, b, c) = match even {
            14..=44 => (3, 0, (even - 14) / 2),
            46..=64 => (3, 1, (even - 46) / 2),
            66..=84 => (3, 2, (even - 66) / 2),
            86..=211 => {
                let line = (even - 86) / 18;
                (3, 3 + line, (even - 84 - 18 * line) / 2)
            }
            212..=611 => {
                let n = even - 212;
                (4 + n / 200, n % 200 / 20, n % 20 / 2)
            }
            _ => return None,
        };
        Some((a, b, c, snapshot))
    }
}

impl fmt::Display for Version {
    /// RocketMQ's constant name, e.g. `V5_3_3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self >= Self::HIGHER {
            return f.write_str("HIGHER_VERSION");
        }
        match self.release() {
            Some((a, b, c, true)) => write!(f, "V{a}_{b}_{c}_SNAPSHOT"),
            Some((a, b, c, false)) => write!(f, "V{a}_{b}_{c}"),
            None => write!(f, "V{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_have_their_ordinals() {
        for (a, b, c, ordinal) in [
            (3, 0, 0, 15),
            (3, 0, 11, 37),
            (3, 4, 9, 121),
            (4, 1, 0, 233),
            (4, 5, 2, 317),
            (4, 6, 0, 333),
            (4, 9, 3, 399),
            (4, 9, 4, 401),
            (5, 0, 0, 413),
            (5, 3, 1, 475),
            (5, 3, 3, 479),
        ] {
            let version = Version::of_release(a, b, c).unwrap();
            assert_eq!(version, Version(ordinal));
            assert_eq!(version.to_string(), format!("V{a}_{b}_{c}"));
        }
        assert_eq!(Version::of_release(6, 0, 0), None);
    }

    #[test]
    fn snapshots_and_unknown_versions_have_names() {
        assert_eq!(Version(478).to_string(), "V5_3_3_SNAPSHOT");
        assert_eq!(Version::V3_0_7_SNAPSHOT.to_string(), "V3_0_7_SNAPSHOT");
        assert_eq!(Version::V3_1_8_SNAPSHOT.to_string(), "V3_1_8_SNAPSHOT");
        assert_eq!(Version(9999).to_string(), "HIGHER_VERSION");
        assert_eq!(Version(3).to_string(), "V3");
        assert_eq!(Version(-5).to_string(), "V-5");
        assert_eq!(Version(i32::MIN).to_string(), format!("V{}", i32::MIN));
    }
}
