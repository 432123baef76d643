//! The quick reader of JSON headers: one pass, no map, no allocation. Whatever is unusual it leaves to the tolerant one.

use super::RequestHeader;
use super::fields::Place;
use crate::language::Language;
use crate::text::find_either;
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

#[inline]
fn entry(scanner: &mut Scanner<'_>, key: Place, header: &mut RequestHeader<'_>) -> Option<()> {
    match key.of(scanner.text) {
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

fn fields(outer: &mut Scanner<'_>, header: &mut RequestHeader<'_>) -> Option<()> {
    if outer.peek() == Some(b'n') {
        outer.word(b"null")?;
        header.fields.restart(false);
        return Some(());
    }
    header.fields.restart(true);
    outer.byte(b'{')?;
    outer.space();
    if outer.try_byte(b'}') {
        return Some(());
    }
    // A copy that no call gets the address of stays in registers.
    let mut scanner = Scanner { ..*outer };
    let mut letter = scanner.letter();
    loop {
        let (key, value) = match letter {
            Some(key) => (key, Some(scanner.rest_of_string()?)),
            None => (scanner.key()?, scanner.value()?),
        };
        if value.is_some_and(|value| !header.fields.push(key, value)) {
            return None;
        }
        letter = scanner.comma_and_letter();
        if letter.is_none() && !scanner.more(b'}')? {
            outer.at = scanner.at;
            return Some(());
        }
    }
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    #[inline(always)]
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    #[inline(always)]
    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    #[inline(always)]
    fn try_byte(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    #[inline(always)]
    fn byte(&mut self, byte: u8) -> Option<()> {
        self.try_byte(byte).then_some(())
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        let rest = self.text.get(self.at..)?;
        rest.starts_with(word).then(|| self.at += word.len())
    }

    /// The next eight bytes, the first of them lowest; none near the end of the text.
    #[inline(always)]
    fn eight(&self) -> Option<u64> {
        let chunk = self.text.get(self.at..)?.first_chunk()?;
        Some(u64::from_le_bytes(*chunk))
    }

    /// `"x":"`, a key of one letter up to the inside of its string: what most fields of a send begin with.
    #[inline(always)]
    fn letter(&mut self) -> Option<Place> {
        self.letter_in(self.eight()?, 0)
    }

    /// The same after another value and a comma.
    #[inline(always)]
    fn comma_and_letter(&mut self) -> Option<Place> {
        let head = self.eight()?;
        if head as u8 != b',' {
            return None;
        }
        self.letter_in(head >> 8, 1)
    }

    /// The letter in `head`, which is what comes after `before` bytes.
    #[inline(always)]
    fn letter_in(&mut self, head: u64, before: usize) -> Option<Place> {
        const SHAPE: u64 = u64::from_le_bytes(*b"\"\0\":\"\0\0\0");
        const FIXED: u64 = u64::from_le_bytes([0xff, 0, 0xff, 0xff, 0xff, 0, 0, 0]);
        let letter = (head >> 8) as u8;
        if head & FIXED != SHAPE || !letter.is_ascii_lowercase() {
            return None;
        }
        self.at += before + 5;
        Some(Place::plain(self.at - 4, 1))
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

    /// A value of a field; none within for null.
    #[inline]
    fn value(&mut self) -> Option<Option<Place>> {
        match self.peek()? {
            b'"' => self.string().map(Some),
            b'n' => self.word(b"null").map(|()| None),
            _ => self.bare().map(Some),
        }
    }

    /// After a value: true if a comma and another key follow, false at `end`.
    #[inline(always)]
    fn more(&mut self, end: u8) -> Option<bool> {
        if self.peek() != Some(b',') {
            self.space();
            if self.try_byte(end) {
                return Some(false);
            }
        }
        self.byte(b',')?;
        self.space();
        Some(true)
    }

    /// A string in double quotes; the place is its inside.
    #[inline(always)]
    fn string(&mut self) -> Option<Place> {
        self.byte(b'"')?;
        self.rest_of_string()
    }

    /// A string after its first quote; the place is its inside.
    #[inline(always)]
    fn rest_of_string(&mut self) -> Option<Place> {
        let start = self.at;
        let mut escaped = false;
        loop {
            let step = find_either::<b'"', b'\\'>(self.text.get(self.at..)?)?;
            self.at += step;
            if self.text.get(self.at) == Some(&b'"') {
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
    #[inline]
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
            _ => {
                self.integer()?;
            }
        }
        Some(Place::plain(at, self.at - at))
    }

    /// An integer as Java prints it: no leading zero, no `-0`, and not so long that it could leave 64 bits.
    #[inline]
    fn integer(&mut self) -> Option<i64> {
        let negative = self.try_byte(b'-');
        let start = self.at;
        let mut value = 0_i64;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            value = value.wrapping_mul(10).wrapping_add(i64::from(digit - b'0'));
            self.at += 1;
        }
        let plain = match (self.text.get(start)?, self.at - start) {
            (b'0', 1) => !negative,
            (b'1'..=b'9', len) => len < 19,
            _ => false,
        };
        let ends = !matches!(self.peek(), Some(b'.' | b'e' | b'E'));
        let value = if negative { -value } else { value };
        (plain && ends).then_some(value)
    }

    #[inline]
    fn i32(&mut self) -> Option<i32> {
        i32::try_from(self.integer()?).ok()
    }
}
