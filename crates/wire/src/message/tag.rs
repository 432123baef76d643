//! The tag hash by which brokers filter.

use super::properties::{self, Properties};

/// Java's string hash: `h = 31 * h + unit` over the UTF-16 code units, wrapping at 32 bits.
#[must_use]
pub fn tag_hash(text: &str) -> i32 {
    if text.is_ascii() {
        return text.bytes().fold(0_i32, |h, byte| step(h, u16::from(byte)));
    }
    text.encode_utf16().fold(0_i32, step)
}

fn step(hash: i32, unit: u16) -> i32 {
    hash.wrapping_mul(31).wrapping_add(i32::from(unit))
}

/// The tag code of a queue entry: the hash of the `TAGS` property, 0 without tags.
#[must_use]
pub fn tag_code(properties: Properties<'_>) -> i64 {
    properties
        .get(properties::TAGS)
        .map_or(0, |tags| i64::from(tag_hash(tags)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_like_java() {
        for (tag, hash) in [
            ("", 0),
            ("A", 65),
            ("TagA", 2_598_919),
            ("TagB", 2_598_920),
            ("tag1", 3_552_215),
            ("order_paid", 756_282_653),
            ("order-created", -392_709_271),
            ("Aa", 2112),
            ("BB", 2112),
            ("支付", 823_177),
        ] {
            assert_eq!(tag_hash(tag), hash, "{tag}");
        }
    }

    #[test]
    fn a_character_outside_the_basic_plane_counts_as_two_units() {
        assert_eq!(tag_hash("\u{1F600}"), step(step(0, 0xD83D), 0xDE00));
    }

    #[test]
    fn the_code_of_a_message_is_its_whole_tag() {
        let code = |text: &str| tag_code(Properties::new(text.as_bytes()));
        assert_eq!(code("TAGS\u{1}order-created\u{2}"), -392_709_271);
        assert_eq!(code("KEYS\u{1}k\u{2}"), 0);
    }
}
