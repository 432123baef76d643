//! The named fields of a header: places in its text, in the order they came.

use std::borrow::Cow;

use super::FIELDS_MAX;
use super::typed::FieldError;
use crate::text::find_either;

/// Fields that fit without allocation; the largest ordinary request has 19 with signature.
const INLINE: usize = 24;

/// Place of a key and its value in the header's text.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    key_at: u32,
    value_at: u32,
    value_len: u32,
    key_len: u16,
    escaped: bool,
}

/// A value's place in the header's text. Small enough to be returned in registers; frames are limited far below 2^32.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    pub at: u32,
    pub len: u32,
    /// The text contains JSON escapes.
    pub escaped: bool,
}

impl Place {
    /// A place without escapes.
    pub(super) fn plain(at: usize, len: usize) -> Self {
        Self {
            at: at as u32,
            len: len as u32,
            escaped: false,
        }
    }

    /// The bytes at this place of `text`.
    #[inline]
    pub(super) fn of(self, text: &[u8]) -> &[u8] {
        let at = self.at as usize;
        text.get(at..at + self.len as usize).unwrap_or_default()
    }
}

/// Named fields, borrowed from the header's bytes (owned if the header had to be read the tolerant way).
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    text: Cow<'a, [u8]>,
    inline: [Span; INLINE],
    count: usize,
    more: Vec<Span>,
    /// The header has a field map at all, if only an empty one.
    present: bool,
    /// Place of the remark, which has no escapes.
    remark: Option<Place>,
}

/// Most bytes that a [`Scratch`] keeps from one request to the next.
const SCRATCH_BYTES_KEPT: usize = 256 * 1024;

/// Buffer for values that contain JSON escapes. Reused from request to request it allocates nothing.
#[derive(Debug, Default)]
pub struct Scratch {
    text: Vec<u8>,
    /// Number of the field, and where its unescaped value is in `text`.
    places: Vec<(usize, usize, usize)>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(text: Cow<'a, [u8]>) -> Self {
        Self {
            text,
            inline: [Span::default(); INLINE],
            count: 0,
            more: Vec::new(),
            present: false,
            remark: None,
        }
    }

    /// Fields made of pairs of text, as if they had come in a header.
    #[must_use]
    pub fn from_pairs<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)>) -> Fields<'static> {
        let mut text = Vec::new();
        let mut fields = Fields::new(Cow::Borrowed(&[]));
        fields.present = true;
        for (key, value) in pairs {
            let key_at = text.len();
            text.extend_from_slice(key.as_bytes());
            let value_at = text.len();
            text.extend_from_slice(value.as_bytes());
            // Fields beyond the limits of a header cannot be sent either.
            let _ = fields.push(
                Place::plain(key_at, key.len()),
                Place::plain(value_at, value.len()),
            );
        }
        fields.with_text(text)
    }

    /// The fields of a header without a field map.
    #[must_use]
    pub fn absent() -> Fields<'static> {
        Fields::new(Cow::Borrowed(&[]))
    }

    /// True if the header has no field map; requests that need fields are then refused as a whole.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        !self.present
    }

    /// Number of fields, repeated ones counted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// True if there is no field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Keys with raw values (JSON escapes not resolved) in the order they came, repeated ones included.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.spans().map(|span| (self.key(span), self.value(span)))
    }

    /// Makes the values readable: those with JSON escapes are unescaped into `scratch`, the others stay where they are.
    ///
    /// # Errors
    /// A value contains an escape that does not exist.
    pub fn view<'b>(&'b self, scratch: &'b mut Scratch) -> Result<FieldView<'b>, FieldError> {
        scratch.clear();
        for (number, span) in self.spans().enumerate().filter(|(_, span)| span.escaped) {
            let start = scratch.text.len();
            if unescape(self.value(span), &mut scratch.text).is_none() {
                return Err(FieldError::Escape {
                    name: String::from_utf8_lossy(self.key(span)).into_owned(),
                });
            }
            scratch.places.push((number, start, scratch.text.len()));
        }
        Ok(FieldView {
            fields: self,
            scratch,
        })
    }

    pub(super) fn remark(&self) -> Option<Cow<'_, str>> {
        self.remark
            .map(|place| String::from_utf8_lossy(place.of(&self.text)))
    }

    /// The same fields over another text.
    pub(super) fn with_text(self, text: Vec<u8>) -> Fields<'static> {
        Fields {
            text: Cow::Owned(text),
            inline: self.inline,
            count: self.count,
            more: self.more,
            present: self.present,
            remark: self.remark,
        }
    }

    pub(super) fn set_remark(&mut self, remark: Option<Place>) {
        self.remark = remark;
    }

    /// Forgets all fields; from here on there is a field map or not.
    pub(super) fn restart(&mut self, present: bool) {
        self.count = 0;
        self.more.clear();
        self.present = present;
    }

    /// Adds a field by its places in the text; false if there are too many or its name is too long.
    #[inline]
    #[must_use]
    pub(super) fn push(&mut self, key: Place, value: Place) -> bool {
        let Ok(key_len) = u16::try_from(key.len) else {
            return false;
        };
        let span = Span {
            key_at: key.at,
            value_at: value.at,
            value_len: value.len,
            key_len,
            escaped: value.escaped,
        };
        if let Some(slot) = self.inline.get_mut(self.count) {
            *slot = span;
        } else if self.count < FIELDS_MAX {
            self.more.push(span);
        } else {
            return false;
        }
        self.count += 1;
        true
    }

    fn spans(&self) -> impl Iterator<Item = &Span> {
        self.inline[..self.count.min(INLINE)]
            .iter()
            .chain(&self.more)
    }

    fn key(&self, span: &Span) -> &[u8] {
        let at = span.key_at as usize;
        self.text
            .get(at..at + usize::from(span.key_len))
            .unwrap_or_default()
    }

    fn value(&self, span: &Span) -> &[u8] {
        let at = span.value_at as usize;
        self.text
            .get(at..at + span.value_len as usize)
            .unwrap_or_default()
    }
}

impl Scratch {
    /// Empties the buffer; one that a huge value has blown up is given back.
    fn clear(&mut self) {
        if self.text.capacity() > SCRATCH_BYTES_KEPT {
            *self = Self::default();
        }
        self.text.clear();
        self.places.clear();
    }
}

/// Fields with readable values.
#[derive(Clone, Copy, Debug)]
pub struct FieldView<'b> {
    fields: &'b Fields<'b>,
    scratch: &'b Scratch,
}

impl<'b> FieldView<'b> {
    /// Keys and values in the order they came, repeated ones included: the last one counts.
    pub fn iter(self) -> impl Iterator<Item = (&'b [u8], &'b [u8])> {
        let mut places = self.scratch.places.iter().peekable();
        self.fields.spans().enumerate().map(move |(number, span)| {
            let value = match places.next_if(|place| place.0 == number) {
                Some(&(_, start, end)) => &self.scratch.text[start..end],
                None => self.fields.value(span),
            };
            (self.fields.key(span), value)
        })
    }

    /// Value of the field `name`.
    #[must_use]
    pub fn get(self, name: &str) -> Option<&'b [u8]> {
        let mut found = None;
        for (key, value) in self.iter() {
            if key == name.as_bytes() {
                found = Some(value);
            }
        }
        found
    }

    /// True if the header has no field map.
    #[must_use]
    pub fn is_absent(self) -> bool {
        self.fields.is_absent()
    }
}

/// Appends the text of a JSON string's inside with its escapes resolved; none if an escape does not exist.
/// Half a surrogate pair becomes a replacement character.
pub(crate) fn unescape(raw: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let mut rest = raw;
    while let Some(at) = find_either::<b'\\', b'\\'>(rest) {
        out.extend_from_slice(&rest[..at]);
        let &kind = rest.get(at + 1)?;
        rest = &rest[at + 2..];
        let plain = match kind {
            b'"' | b'\\' | b'/' | b'\'' => kind,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'b' => 0x08,
            b'f' => 0x0C,
            b'u' => {
                rest = unescape_unicode(rest, out)?;
                continue;
            }
            _ => return None,
        };
        out.push(plain);
    }
    out.extend_from_slice(rest);
    Some(())
}

/// Appends the character of a `\u` escape whose digits `rest` begins with; returns what follows it.
fn unescape_unicode<'r>(rest: &'r [u8], out: &mut Vec<u8>) -> Option<&'r [u8]> {
    let (first, mut after) = hex4(rest)?;
    if first < 0x80 {
        out.push(first as u8);
        return Some(after);
    }
    let mut code = first;
    if (0xD800..0xDC00).contains(&first)
        && let Some(next) = after.strip_prefix(b"\\u")
        && let Some((second, beyond)) = hex4(next)
        && (0xDC00..0xE000).contains(&second)
    {
        code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        after = beyond;
    }
    let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    Some(after)
}

fn hex4(text: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = text.split_first_chunk::<4>()?;
    let mut value = 0;
    for &digit in digits {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            b'A'..=b'F' => digit - b'A' + 10,
            _ => return None,
        };
        value = value << 4 | u32::from(digit);
    }
    Some((value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unescaped(raw: &str) -> Option<String> {
        let mut out = Vec::new();
        unescape(raw.as_bytes(), &mut out)?;
        String::from_utf8(out).ok()
    }

    #[test]
    fn escapes_are_resolved() {
        assert_eq!(
            unescaped(r#"TAGS\u0001A\u0002\/\"\\\n\u652f"#).unwrap(),
            "TAGS\u{1}A\u{2}/\"\\\n支"
        );
        assert_eq!(unescaped(r"\uD83D\uDE00").unwrap(), "\u{1F600}");
        assert_eq!(unescaped(r"\uD83Dx").unwrap(), "\u{FFFD}x");
        assert_eq!(unescaped(r"\uD83D\uD83D").unwrap(), "\u{FFFD}\u{FFFD}");
    }

    #[test]
    fn damaged_escapes_are_refused() {
        for raw in [r"\", r"\u12", r"\u12G4", r"\q"] {
            assert_eq!(unescaped(raw), None, "{raw}");
        }
    }

    #[test]
    fn a_scratch_does_not_stay_as_large_as_its_largest_value() {
        let text = format!("k\\n{}", "v".repeat(2 * SCRATCH_BYTES_KEPT));
        let mut fields = Fields::new(Cow::Borrowed(text.as_bytes()));
        let escaped = Place {
            escaped: true,
            ..Place::plain(1, text.len() - 1)
        };
        assert!(fields.push(Place::plain(0, 1), escaped));
        let mut scratch = Scratch::default();
        let view = fields.view(&mut scratch).unwrap();
        assert_eq!(view.get("k").map(<[u8]>::len), Some(text.len() - 2));
        assert!(scratch.text.capacity() > SCRATCH_BYTES_KEPT);
        Fields::absent().view(&mut scratch).unwrap();
        assert_eq!(scratch.text.capacity(), 0);
    }

    #[test]
    fn more_fields_than_fit_inline_are_kept_up_to_the_limit() {
        let mut fields = Fields::new(Cow::Borrowed(b"kv"));
        let place = |at| Place::plain(at, 1);
        for _ in 0..FIELDS_MAX {
            assert!(fields.push(place(0), place(1)));
        }
        assert!(!fields.push(place(0), place(1)));
        assert_eq!(fields.iter().count(), FIELDS_MAX);
        assert!(fields.iter().all(|pair| pair == (b"k", b"v")));
    }
}
