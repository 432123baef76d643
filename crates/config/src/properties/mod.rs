//! Java properties text: reader and writer.
//!
//! A logical line is `key=value`, `key: value` or `key value`. Lines that start with `#` or `!` are comments; an odd
//! number of backslashes at the end of a line joins the next one to it, whose leading blanks are dropped. `\t \n \r \f`
//! and `\uXXXX` are escapes; a backslash before anything else vanishes. Text is UTF-8, or ISO-8859-1 if it is not
//! valid UTF-8. The writer escapes everything but printable ASCII, so that readers of either encoding agree.

use std::borrow::Cow;
use std::fmt::Write as _;

use thiserror::Error;

/// Longest text in bytes.
const TEXT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Most entries of one text.
const ENTRIES_MAX: usize = 20_000;

/// Why a properties text cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PropertiesError {
    /// More than the limit of bytes.
    #[error("properties text of {bytes} bytes is longer than the limit of {TEXT_BYTES_MAX}")]
    TooLong {
        /// Length of the text.
        bytes: usize,
    },
    /// More than the limit of entries.
    #[error("properties text has more than {ENTRIES_MAX} entries")]
    TooManyEntries,
    /// A `\u` that is not followed by four hex digits.
    #[error("line {line}: `\\u` must be followed by four hex digits; write a backslash as `\\\\`")]
    BadEscape {
        /// Line number, from 1.
        line: usize,
    },
}

/// One `key=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key, unescaped; may be empty.
    pub key: String,
    /// The value, unescaped, with its trailing blanks.
    pub value: String,
    /// Line on which it starts, from 1.
    pub line: usize,
}

/// The entries of a properties text in order, doubles included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Properties {
    /// All entries.
    pub entries: Vec<Entry>,
}

impl Properties {
    /// Reads a text. This is the entry point for the fuzzer, too: any bytes are fine, none make it panic.
    pub fn parse(bytes: &[u8]) -> Result<Self, PropertiesError> {
        if TEXT_BYTES_MAX < bytes.len() {
            return Err(PropertiesError::TooLong { bytes: bytes.len() });
        }
        let text = decode(bytes);
        let mut entries = Vec::new();
        for (line, logical) in LogicalLines::new(&text) {
            if entries.len() == ENTRIES_MAX {
                return Err(PropertiesError::TooManyEntries);
            }
            let (key, value) = split(&logical);
            let unescaped = |text| unescape(text).ok_or(PropertiesError::BadEscape { line });
            entries.push(Entry {
                key: unescaped(key)?,
                value: unescaped(value)?,
                line,
            });
        }
        Ok(Self { entries })
    }

    /// The value of `key`; the last one wins.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&str> {
        let entry = self.entries.iter().rev().find(|entry| entry.key == key)?;
        Some(&entry.value)
    }
}

/// The text as characters, without a byte order mark.
fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    }
}

/// Blank, tab or form feed: all that separates in a properties text.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\x0c')
}

/// Logical lines with their line numbers: continuations joined, comments and empty lines left out.
struct LogicalLines<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> LogicalLines<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            rest: text,
            line: 0,
        }
    }

    /// The next line as it stands, without its end and its leading blanks.
    fn natural(&mut self) -> Option<&'a str> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.find(['\n', '\r']).unwrap_or(self.rest.len());
        let (line, rest) = self.rest.split_at(end);
        self.rest = rest
            .strip_prefix("\r\n")
            .or_else(|| rest.strip_prefix(['\n', '\r']))
            .unwrap_or(rest);
        self.line += 1;
        Some(line.trim_start_matches(is_blank))
    }
}

impl Iterator for LogicalLines<'_> {
    type Item = (usize, String);

    fn next(&mut self) -> Option<(usize, String)> {
        loop {
            let mut part = self.natural()?;
            if part.is_empty() || part.starts_with(['#', '!']) {
                continue;
            }
            let line = self.line;
            let mut logical = String::new();
            loop {
                let backslashes = part.len() - part.trim_end_matches('\\').len();
                if backslashes % 2 == 0 {
                    logical.push_str(part);
                    break;
                }
                logical.push_str(part.strip_suffix('\\').unwrap_or(part));
                match self.natural() {
                    Some(next) => part = next,
                    None => break,
                }
            }
            if !logical.is_empty() {
                return Some((line, logical));
            }
        }
    }
}

/// Key and value of a logical line, still escaped.
fn split(line: &str) -> (&str, &str) {
    let mut escaped = false;
    let end = line
        .char_indices()
        .find(|&(_, c)| {
            let ends = !escaped && (is_blank(c) || c == '=' || c == ':');
            escaped = c == '\\' && !escaped;
            ends
        })
        .map_or(line.len(), |(at, _)| at);
    let (key, rest) = line.split_at(end);
    let rest = rest.trim_start_matches(is_blank);
    let rest = rest.strip_prefix(['=', ':']).unwrap_or(rest);
    (key, rest.trim_start_matches(is_blank))
}

/// Resolves the escapes of `text`; `None` if a `\u` is malformed.
fn unescape(text: &str) -> Option<String> {
    if !text.contains('\\') {
        return Some(text.to_owned());
    }
    // UTF-16, because that is what `\u` writes: a character beyond the basic plane is two escapes.
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let plain = match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', None) => break,
            ('\\', Some('t')) => '\t',
            ('\\', Some('n')) => '\n',
            ('\\', Some('r')) => '\r',
            ('\\', Some('f')) => '\x0c',
            ('\\', Some('u')) => {
                let digits = chars.as_str().get(..4)?;
                if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
                    return None;
                }
                units.push(u16::from_str_radix(digits, 16).ok()?);
                chars.nth(3);
                continue;
            }
            ('\\', Some(other)) => other,
            (other, _) => other,
        };
        units.extend_from_slice(plain.encode_utf16(&mut [0; 2]));
    }
    Some(String::from_utf16_lossy(&units))
}

/// Appends `key=value\n`, escaped so that [`Properties::parse`] and Java read back the same texts.
pub fn write_entry(out: &mut String, key: &str, value: &str) {
    escape(out, key, true);
    out.push('=');
    escape(out, value, false);
    out.push('\n');
}

/// Appends `text`, escaped as key or as value.
fn escape(out: &mut String, text: &str, is_key: bool) {
    for (at, c) in text.char_indices() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\x0c' => out.push_str("\\f"),
            ' ' if is_key || at == 0 => out.push_str("\\ "),
            '=' | ':' if is_key => out.extend(['\\', c]),
            '#' | '!' if is_key && at == 0 => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to a `String` cannot fail.
                    let _ = write!(out, "\\u{unit:04X}");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
