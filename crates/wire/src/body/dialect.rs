//! The two JSON dialects on the wire.
//!
//! Legacy: integer keys are bare (`{0:"…"}`) and message queues are inline objects used as keys (`{{"brokerName":…}:6}`).
//! Standard: all keys are strings, `/` is escaped, characters beyond ASCII are escaped, integers beyond 2^53 are quoted.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter};

/// How map keys and text are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Java's default writer.
    Legacy,
    /// Valid JSON, for routes to clients from 4.9.4 on.
    Standard,
}

/// First character of a map key that is itself JSON text. It is a noncharacter: no real key can begin with it.
pub(super) const OBJECT_KEY_MARK: char = '\u{10FFFF}';
const MARK_TEXT: &str = "\u{10FFFF}";

/// Appends `value` in `dialect`.
pub(super) fn write<T: Serialize>(value: &T, dialect: Dialect, out: &mut Vec<u8>) {
    let writer = Keyed {
        standard: dialect == Dialect::Standard,
        key: Key::None,
    };
    let mut serializer = serde_json::Serializer::with_formatter(out, writer);
    value
        .serialize(&mut serializer)
        .expect("bodies have string or integer keys and a vector takes every write");
}

/// How far the key that is being written has got.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    /// Not within a key.
    None,
    /// Its quote has not been written yet: it may turn out to be a number or an object.
    Pending,
    /// A string.
    Quoted,
    /// An object, written as it is.
    Object,
    /// A bare number.
    Bare,
}

struct Keyed {
    standard: bool,
    key: Key,
}

impl Keyed {
    fn integer<W: ?Sized + Write>(&mut self, out: &mut W, value: i128) -> io::Result<()> {
        const SAFE: i128 = 1 << 53;
        if self.key == Key::Pending {
            self.key = if self.standard {
                Key::Quoted
            } else {
                Key::Bare
            };
            if self.standard {
                out.write_all(b"\"")?;
            }
            return write!(out, "{value}");
        }
        if self.standard && !(-SAFE..=SAFE).contains(&value) {
            return write!(out, "\"{value}\"");
        }
        write!(out, "{value}")
    }

    fn text<W: ?Sized + Write>(&mut self, out: &mut W, text: &str) -> io::Result<()> {
        if !self.standard || text.bytes().all(|b| b.is_ascii() && b != b'/') {
            return out.write_all(text.as_bytes());
        }
        let mut units = [0; 2];
        for c in text.chars() {
            match c {
                '/' => out.write_all(b"\\/")?,
                ascii if ascii.is_ascii() => out.write_all(&[ascii as u8])?,
                other => {
                    for unit in other.encode_utf16(&mut units) {
                        write!(out, "\\u{unit:04X}")?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Opens a pending key that turned out to be a string or an object.
    fn open<'t, W: ?Sized + Write>(&mut self, out: &mut W, text: &'t str) -> io::Result<&'t str> {
        if self.key != Key::Pending {
            return Ok(text);
        }
        let object = text.strip_prefix(MARK_TEXT);
        if let (Some(rest), false) = (object, self.standard) {
            self.key = Key::Object;
            return Ok(rest);
        }
        self.key = Key::Quoted;
        out.write_all(b"\"")?;
        Ok(object.unwrap_or(text))
    }
}

macro_rules! integers {
    ($($name:ident: $type:ty),+) => {$(
        fn $name<W: ?Sized + Write>(&mut self, out: &mut W, value: $type) -> io::Result<()> {
            self.integer(out, i128::from(value))
        }
    )+};
}

impl Formatter for Keyed {
    integers!(write_i8: i8, write_i16: i16, write_i32: i32, write_i64: i64);
    integers!(write_u8: u8, write_u16: u16, write_u32: u32, write_u64: u64);

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.key = Key::Pending;
        if first { Ok(()) } else { out.write_all(b",") }
    }

    fn end_object_key<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.key = Key::None;
        Ok(())
    }

    fn begin_string<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        if self.key == Key::Pending {
            return Ok(());
        }
        out.write_all(b"\"")
    }

    fn end_string<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        match self.key {
            Key::Pending => out.write_all(b"\"\""),
            Key::None | Key::Quoted => out.write_all(b"\""),
            Key::Object | Key::Bare => Ok(()),
        }
    }

    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        text: &str,
    ) -> io::Result<()> {
        let text = self.open(out, text)?;
        self.text(out, text)
    }

    fn write_char_escape<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        self.open(out, "")?;
        let byte = escaped_byte(&escape);
        if self.key == Key::Object {
            return out.write_all(&[byte]);
        }
        let mut text = Vec::with_capacity(6);
        crate::text::push_json_escaped(&mut text, char::from(byte).encode_utf8(&mut [0; 4]));
        out.write_all(&text)
    }
}

fn escaped_byte(escape: &CharEscape) -> u8 {
    match escape {
        CharEscape::Quote => b'"',
        CharEscape::ReverseSolidus => b'\\',
        CharEscape::Solidus => b'/',
        CharEscape::Backspace => 0x08,
        CharEscape::FormFeed => 0x0C,
        CharEscape::LineFeed => b'\n',
        CharEscape::CarriageReturn => b'\r',
        CharEscape::Tab => b'\t',
        CharEscape::AsciiControl(byte) => *byte,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn text<T: Serialize>(value: &T, dialect: Dialect) -> String {
        let mut out = Vec::new();
        write(value, dialect, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn integer_keys_are_bare_in_legacy_only() {
        let map = BTreeMap::from([(0_i64, "a"), (7, "b")]);
        assert_eq!(text(&map, Dialect::Legacy), r#"{0:"a",7:"b"}"#);
        assert_eq!(text(&map, Dialect::Standard), r#"{"0":"a","7":"b"}"#);
    }

    #[test]
    fn marked_keys_are_objects_in_legacy_and_text_in_standard() {
        let key = format!("{OBJECT_KEY_MARK}{}", r#"{"q":"a\"b"}"#);
        let map = BTreeMap::from([(key, 6)]);
        assert_eq!(text(&map, Dialect::Legacy), r#"{{"q":"a\"b"}:6}"#);
        assert_eq!(text(&map, Dialect::Standard), r#"{"{\"q\":\"a\\\"b\"}":6}"#);
    }

    #[test]
    fn text_keys_and_values_are_escaped() {
        let map = BTreeMap::from([("", "/支\u{1F600}"), ("\u{1}\"", "\u{1f}\n")]);
        assert_eq!(
            text(&map, Dialect::Legacy),
            "{\"\":\"/支\u{1F600}\",\"\\u0001\\\"\":\"\\u001F\\n\"}"
        );
        assert_eq!(
            text(&map, Dialect::Standard),
            r#"{"":"\/\u652F\uD83D\uDE00","\u0001\"":"\u001F\n"}"#
        );
    }

    #[test]
    fn large_integers_are_quoted_in_standard_only() {
        let list = [1_i64 << 53, (1 << 53) + 1, i64::MIN];
        assert_eq!(
            text(&list, Dialect::Standard),
            r#"[9007199254740992,"9007199254740993","-9223372036854775808"]"#
        );
        assert_eq!(
            text(&list, Dialect::Legacy),
            "[9007199254740992,9007199254740993,-9223372036854775808]"
        );
    }
}
