//! Java's string hash, continued from a prefix: keys are hashed as `topic#key`, and the topic is the same for many.

/// Hash of a text whose beginning hashed to `prefix` (0 for none): `h = 31 * h + unit` over UTF-16 units, wrapping.
#[must_use]
pub(crate) fn continued(prefix: i32, text: &str) -> i32 {
    let step = |h: i32, unit: u16| h.wrapping_mul(31).wrapping_add(i32::from(unit));
    if text.is_ascii() {
        let (fours, rest) = text.as_bytes().as_chunks::<4>();
        let hash = fours.iter().fold(prefix, |h, four| step_four(h, *four));
        return rest.iter().fold(hash, |h, &b| step(h, u16::from(b)));
    }
    text.encode_utf16().fold(prefix, step)
}

/// Four steps that wait for the hash before them only once.
fn step_four(h: i32, [a, b, c, d]: [u8; 4]) -> i32 {
    let now = [(a, 29_791), (b, 961), (c, 31), (d, 1)]
        .map(|(unit, power)| i32::from(unit) * power)
        .iter()
        .sum();
    h.wrapping_mul(923_521).wrapping_add(now)
}

/// The hash as the key index stores it: without sign, the one number without a positive twin becomes 0.
#[must_use]
pub(crate) fn key_hash(prefix: i32, key: &str) -> u32 {
    continued(prefix, key)
        .checked_abs()
        .unwrap_or(0)
        .unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_hash_as_in_the_index_format() {
        let topic = continued(0, "TopicTest#");
        assert_eq!(key_hash(topic, "k1"), 2_746_024);
        assert_eq!(
            key_hash(topic, "0A0A0A0A00002A9F4C4A4F0B0B0B0000"),
            1_514_565_722
        );
        assert_eq!(continued(continued(0, "支"), "付"), 823_177);
    }

    #[test]
    fn the_smallest_number_becomes_zero() {
        // "polygenelubricants" is a well-known text whose hash is i32::MIN.
        assert_eq!(continued(0, "polygenelubricants"), i32::MIN);
        assert_eq!(key_hash(0, "polygenelubricants"), 0);
    }
}
