//! The ROCKETMQ binary header.
//!
//! ```text
//! i16 code, i8 language, i16 version, i32 opaque, i32 flag, i32 + remark, i32 + fields
//! field: i16 + key, i32 + value
//! ```
//!
//! A remark, map or value of length 0 counts as absent. A key may repeat: the last one counts.

use super::fields::Place;
use super::{HeaderError, RequestHeader};
use crate::language::Language;
use crate::version::Version;

/// Bytes before the remark's length.
const FIXED_BYTES: usize = 13;

/// Reads a binary header into an empty one.
pub(super) fn parse(text: &[u8], header: &mut RequestHeader<'_>) -> Result<(), HeaderError> {
    let fixed = text
        .first_chunk::<FIXED_BYTES>()
        .ok_or(HeaderError::Truncated("fixed part"))?;
    let [c0, c1, language, v0, v1, o0, o1, o2, o3, f0, f1, f2, f3] = *fixed;
    header.code = i32::from(i16::from_be_bytes([c0, c1]));
    header.language = Language::from_code(i64::from(language));
    header.version = Version(i32::from(i16::from_be_bytes([v0, v1])));
    header.opaque = i32::from_be_bytes([o0, o1, o2, o3]);
    header.flag = i32::from_be_bytes([f0, f1, f2, f3]);
    let mut cursor = Cursor {
        text,
        at: FIXED_BYTES,
    };
    let remark = cursor.long("remark")?;
    header.fields.set_remark((remark.len > 0).then_some(remark));
    let block = cursor.long("fields")?;
    fields(text, block, header)?;
    if cursor.at != text.len() {
        return Err(HeaderError::Value("length of the fields"));
    }
    Ok(())
}

fn fields(text: &[u8], block: Place, header: &mut RequestHeader<'_>) -> Result<(), HeaderError> {
    let end = (block.at + block.len) as usize;
    header.fields.restart(block.len > 0);
    let mut cursor = Cursor {
        text: &text[..end],
        at: block.at as usize,
    };
    while cursor.at < end {
        let key = cursor.short("field name")?;
        let value = cursor.long("field value")?;
        if value.len > 0 && !header.fields.push(key, value) {
            return Err(HeaderError::Fields);
        }
    }
    Ok(())
}

struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn short(&mut self, what: &'static str) -> Result<Place, HeaderError> {
        let field = self.chunk::<2>(what)?;
        self.place(i64::from(i16::from_be_bytes(field)), what)
    }

    fn long(&mut self, what: &'static str) -> Result<Place, HeaderError> {
        let field = self.chunk::<4>(what)?;
        self.place(i64::from(i32::from_be_bytes(field)), what)
    }

    fn chunk<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], HeaderError> {
        let chunk = self.text.get(self.at..).and_then(|rest| rest.first_chunk());
        self.at += N;
        chunk.copied().ok_or(HeaderError::Truncated(what))
    }

    fn place(&mut self, len: i64, what: &'static str) -> Result<Place, HeaderError> {
        let at = self.at;
        let len = usize::try_from(len).map_err(|_| HeaderError::Value(what))?;
        if len > self.text.len() - at {
            return Err(HeaderError::Truncated(what));
        }
        self.at += len;
        Ok(Place::plain(at, len))
    }
}
