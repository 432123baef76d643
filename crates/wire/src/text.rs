//! Decimal numbers and JSON strings written into byte buffers without allocation.

/// Appends `value` in decimal.
pub fn push_i64(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    push_u64(out, value.unsigned_abs());
}

/// Appends `value` in decimal.
pub fn push_u64(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends `text` as a JSON string with its quotes: control characters, quote and backslash escaped, the rest raw.
pub fn push_json_str(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    push_json_escaped(out, text);
    out.push(b'"');
}

/// Appends `text` escaped for the inside of a JSON string, without quotes.
pub fn push_json_escaped(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    // Without a way out in the middle the compiler makes this a few wide instructions.
    let is_odd = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    if !bytes.iter().fold(false, |odd, &byte| odd | is_odd(byte)) {
        return out.extend_from_slice(bytes);
    }
    let mut clean = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if !is_odd(byte) {
            continue;
        }
        out.extend_from_slice(&bytes[clean..at]);
        push_escape(out, byte);
        clean = at + 1;
    }
    out.extend_from_slice(&bytes[clean..]);
}

fn push_escape(out: &mut Vec<u8>, byte: u8) {
    let short = match byte {
        b'"' => b'"',
        b'\\' => b'\\',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0C => b'f',
        other => {
            out.extend_from_slice(b"\\u00");
            out.push(HEX_UPPER[usize::from(other >> 4)]);
            out.push(HEX_UPPER[usize::from(other & 15)]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// Digits of upper-case hexadecimal.
pub(crate) const HEX_UPPER: &[u8; 16] = b"0123456789ABCDEF";

/// Appends `bytes` in upper-case hexadecimal.
pub(crate) fn push_hex<const N: usize>(out: &mut Vec<u8>, bytes: [u8; N]) {
    let pairs = bytes.map(|byte| {
        [
            HEX_UPPER[usize::from(byte >> 4)],
            HEX_UPPER[usize::from(byte & 15)],
        ]
    });
    out.extend_from_slice(pairs.as_flattened());
}

/// Reads a decimal `i64` with an optional sign; none for anything else, overflow included.
#[must_use]
pub fn parse_i64(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() {
        return None;
    }
    if digits.len() < 19 {
        return short_i64(digits).map(|value| if negative { -value } else { value });
    }
    let mut value = 0_i64;
    for &digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        let digit = i64::from(digit - b'0');
        value = value.checked_mul(10)?;
        value = if negative {
            value.checked_sub(digit)?
        } else {
            value.checked_add(digit)?
        };
    }
    Some(value)
}

/// So few digits that nothing can overflow.
#[inline]
fn short_i64(digits: &[u8]) -> Option<i64> {
    let mut value = 0_i64;
    let mut odd = false;
    for &digit in digits {
        let digit = digit.wrapping_sub(b'0');
        odd |= 9 < digit;
        value = value.wrapping_mul(10).wrapping_add(i64::from(digit));
    }
    (!odd).then_some(value)
}

/// Position of the first byte of `text` that is `A` or `B`, eight bytes at a step.
#[inline(always)]
pub(crate) fn find_either<const A: u8, const B: u8>(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(chunk) = text.get(at..).and_then(|rest| rest.first_chunk()) {
        let word = u64::from_le_bytes(*chunk);
        let hits = has_byte(word, A) | has_byte(word, B);
        if hits != 0 {
            return Some(at + hits.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let rest = text.get(at..)?;
    let step = rest.iter().position(|&b| b == A || b == B)?;
    Some(at + step)
}

/// The high bit of the lowest byte of `word` that equals `byte` is set, and none below it; 0 if there is no such byte.
#[inline(always)]
fn has_byte(word: u64, byte: u8) -> u64 {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let zeroed = word ^ (LOW * u64::from(byte));
    zeroed.wrapping_sub(LOW) & !zeroed & HIGH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_byte_is_found_wherever_it_is() {
        for len in 0..40 {
            let mut text = vec![0x80; len];
            assert_eq!(find_either::<b'"', b'x'>(&text), None);
            for at in (0..len).rev() {
                text[at] = if at % 2 == 0 { b'"' } else { b'x' };
                assert_eq!(find_either::<b'"', b'x'>(&text), Some(at));
            }
        }
    }

    #[test]
    fn numbers_round_trip_at_their_limits() {
        for value in [0, 1, -1, 9, 10, i64::MAX, i64::MIN, 1_700_000_000_000] {
            let mut out = Vec::new();
            push_i64(&mut out, value);
            assert_eq!(out, value.to_string().into_bytes());
            assert_eq!(parse_i64(&out), Some(value));
        }
        for text in ["", "-", "+", "1x", " 1", "9223372036854775808"] {
            assert_eq!(parse_i64(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn escapes_what_json_demands_and_nothing_else() {
        let mut out = Vec::new();
        push_json_str(&mut out, "TAGS\u{1}A\u{2}\"\\\n/\u{1f}支");
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "\"TAGS\\u0001A\\u0002\\\"\\\\\\n/\\u001F支\""
        );
    }
}
