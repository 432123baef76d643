//! The quick reader of JSON headers: one pass, no map, no allocation. Whatever is unusual it leaves to the tolerant one.

use super::RequestHeader;
use super::fields::Place;
use crate::language::Language;
use crate::text::parse_i64;
use crate::version::Version;

/// Reads an ordinary JSON header into an empty one; none if anything in it is unusual (which need not be wrong).
pub(super) fn scan(text: &[u8], header: &mut RequestHeader<'_>) -> Option<()> {
    let mut scanner = Scanner { text, at: 0 };
    scanner.space();
    scanner.byte(b'{')?;
    scanner.space();
    if !scanner.try_byte(b'}') {
        loop {
            let key = scanner.key()?;
            entry(&mut scanner, key, header)?;
            if !scanner.more(b'}')? {
                break;
            }
        }
    }
    scanner.space();
    (scanner.at == text.len()).then_some(())
}

fn entry(scanner: &mut Scanner<'_>, key: Place, header: &mut RequestHeader<'_>) -> Option<()> {
    match scanner.slice(key) {
        b"code" => header.code = scanner.i32()?,
        b"flag" => header.flag = scanner.i32()?,
        b"opaque" => header.opaque = scanner.i32()?,
        b"version" => header.version = Version(scanner.i32()?),
        b"language" => header.language = Language::from_name(scanner.plain_string()?),
        b"remark" => {
            let remark = if scanner.peek() == Some(b'n') {
                scanner.word(b"null")?;
                None
            } else {
                let start = scanner.at + 1;
                let remark = scanner.plain_string()?;
                Some(Place::plain(start, remark.len()))
            };
            header.fields.set_remark(remark);
        }
        b"serializeTypeCurrentRPC" => {
            scanner.plain_string()?;
        }
        b"extFields" => fields(scanner, header)?,
        _ => return None,
    }
    Some(())
}

fn fields(scanner: &mut Scanner<'_>, header: &mut RequestHeader<'_>) -> Option<()> {
    if scanner.peek() == Some(b'n') {
        scanner.word(b"null")?;
        header.fields.restart(false);
        return Some(());
    }
    header.fields.restart(true);
    scanner.byte(b'{')?;
    scanner.space();
    if scanner.try_byte(b'}') {
        return Some(());
    }
    loop {
        let key = scanner.key()?;
        let value = match scanner.peek()? {
            b'"' => Some(scanner.string()?),
            b'n' => {
                scanner.word(b"null")?;
                None
            }
            _ => Some(scanner.bare()?),
        };
        if value.is_some_and(|value| !header.fields.push(key, value)) {
            return None;
        }
        if !scanner.more(b'}')? {
            return Some(());
        }
    }
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    #[inline]
    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    #[inline]
    fn try_byte(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    #[inline]
    fn byte(&mut self, byte: u8) -> Option<()> {
        self.try_byte(byte).then_some(())
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        let rest = self.text.get(self.at..)?;
        rest.starts_with(word).then(|| self.at += word.len())
    }

    #[inline]
    fn slice(&self, place: Place) -> &'a [u8] {
        place.of(self.text)
    }

    /// A quoted key without escapes and its colon, with the space around them.
    #[inline]
    fn key(&mut self) -> Option<Place> {
        let key = self.string()?;
        self.space();
        self.byte(b':')?;
        self.space();
        (!key.escaped).then_some(key)
    }

    /// After a value: true if a comma and another key follow, false at `end`.
    #[inline]
    fn more(&mut self, end: u8) -> Option<bool> {
        self.space();
        if self.try_byte(end) {
            return Some(false);
        }
        self.byte(b',')?;
        self.space();
        Some(true)
    }

    /// A string in double quotes; the place is its inside.
    #[inline]
    fn string(&mut self) -> Option<Place> {
        self.byte(b'"')?;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at = find_quote_or_escape(self.text, self.at)?;
            if self.text[self.at] == b'"' {
                break;
            }
            escaped = true;
            self.at += 2;
        }
        let place = Place {
            escaped,
            ..Place::plain(start, self.at - start)
        };
        self.at += 1;
        Some(place)
    }

    /// The inside of a string without escapes; whether escapes are valid is for the tolerant reader to say.
    fn plain_string(&mut self) -> Option<&'a [u8]> {
        let place = self.string()?;
        (!place.escaped).then(|| place.of(self.text))
    }

    /// `true`, `false` or an integer; other numbers are left to the tolerant reader.
    fn bare(&mut self) -> Option<Place> {
        let at = self.at;
        match self.peek()? {
            b't' => self.word(b"true")?,
            b'f' => self.word(b"false")?,
            _ => self.integer()?,
        }
        Some(Place::plain(at, self.at - at))
    }

    /// An integer as Java prints it: no leading zero, no `-0`, and not so long that it could leave 64 bits.
    fn integer(&mut self) -> Option<()> {
        let negative = self.try_byte(b'-');
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        let plain = match &self.text[start..self.at] {
            [b'0'] => !negative,
            [b'1'..=b'9', rest @ ..] => rest.len() < 18,
            _ => false,
        };
        let ends = !matches!(self.peek(), Some(b'.' | b'e' | b'E'));
        (plain && ends).then_some(())
    }

    fn i32(&mut self) -> Option<i32> {
        let start = self.at;
        self.integer()?;
        i32::try_from(parse_i64(&self.text[start..self.at])?).ok()
    }
}

/// Position of the next `"` or `\` from `at` on, eight bytes at a step.
fn find_quote_or_escape(text: &[u8], mut at: usize) -> Option<usize> {
    while let Some(chunk) = text.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let hits = has_byte(word, b'"') | has_byte(word, b'\\');
        if hits != 0 {
            return Some(at + hits.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let rest = text.get(at..)?;
    let step = rest.iter().position(|&b| b == b'"' || b == b'\\')?;
    Some(at + step)
}

/// The high bit of the lowest byte of `word` that equals `byte` is set, and none below it; 0 if there is no such byte.
fn has_byte(word: u64, byte: u8) -> u64 {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let zeroed = word ^ (LOW * u64::from(byte));
    zeroed.wrapping_sub(LOW) & !zeroed & HIGH
}
