//! Frame headers in both codecs, read without a map and without allocation in the ordinary case.

mod binary;
mod fields;
mod json;
mod odd;
mod typed;

pub(crate) use fields::unescape;
pub use fields::{FieldView, Fields, Scratch};
pub use typed::{FieldError, FieldValue, FromFields};
pub(crate) use typed::{read_bool, read_field, read_i32, read_i64, read_str};

use std::borrow::Cow;

use thiserror::Error;

use crate::frame::{FrameRef, SerializeType};
use crate::language::Language;
use crate::version::Version;

/// `flag` bit: this frame is a response.
pub const FLAG_RESPONSE: i32 = 1;
/// `flag` bit: the receiver must not answer.
pub const FLAG_ONEWAY: i32 = 2;

/// The header of a request or response; named after its usual use on the hot path.
#[derive(Clone, Debug)]
pub struct RequestHeader<'a> {
    /// Request code or response code.
    pub code: i32,
    /// Language of the peer.
    pub language: Language,
    /// Release of the peer.
    pub version: Version,
    /// Correlates a response with its request.
    pub opaque: i32,
    /// See [`FLAG_RESPONSE`] and [`FLAG_ONEWAY`].
    pub flag: i32,
    /// Named fields (`extFields`).
    pub fields: Fields<'a>,
}

/// Why a header cannot be read. The connection must be closed: without an opaque there is nobody to answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HeaderError {
    /// A JSON header is not an object or damaged beyond what is tolerated.
    #[error("json header cannot be read: {0}")]
    Json(String),
    /// A value of the header has the wrong type or range.
    #[error("header value {0} has the wrong type or is out of range")]
    Value(&'static str),
    /// A binary header ends within a field.
    #[error("binary header ends within its {0}")]
    Truncated(&'static str),
    /// There are too many fields or too long ones.
    #[error("header has more than {FIELDS_MAX} fields or a field name of more than 65535 bytes")]
    Fields,
}

/// Most fields of a header.
pub const FIELDS_MAX: usize = 4096;

impl<'a> RequestHeader<'a> {
    /// Reads the header of `frame` in the codec it says.
    ///
    /// # Errors
    /// The header cannot be read; close the connection.
    pub fn parse(frame: &FrameRef<'a>) -> Result<Self, HeaderError> {
        Self::parse_bytes(frame.serialize, frame.header)
    }

    /// Reads header bytes.
    ///
    /// # Errors
    /// The header cannot be read.
    pub fn parse_bytes(serialize: SerializeType, header: &'a [u8]) -> Result<Self, HeaderError> {
        let mut parsed = RequestHeader::empty(Cow::Borrowed(header));
        match serialize {
            SerializeType::RocketMq => binary::parse(header, &mut parsed)?,
            SerializeType::Json => {
                if json::scan(header, &mut parsed).is_none() {
                    return odd::parse(header);
                }
            }
        }
        Ok(parsed)
    }

    /// Reads a JSON header the tolerant way even if the quick one could: for tests that compare the two.
    ///
    /// # Errors
    /// The header cannot be read.
    pub fn parse_tolerant(header: &[u8]) -> Result<RequestHeader<'static>, HeaderError> {
        odd::parse(header)
    }

    /// True if this is a response.
    #[must_use]
    pub fn is_response(&self) -> bool {
        self.flag & FLAG_RESPONSE != 0
    }

    /// True if nobody may answer.
    #[must_use]
    pub fn is_oneway(&self) -> bool {
        self.flag & FLAG_ONEWAY != 0
    }

    /// Human text of a response.
    #[must_use]
    pub fn remark(&self) -> Option<Cow<'_, str>> {
        self.fields.remark()
    }

    /// A header without fields, to be filled by a codec in place: it is too large to be handed around.
    #[inline]
    fn empty(text: Cow<'a, [u8]>) -> Self {
        Self {
            code: 0,
            language: Language::Java,
            version: Version(0),
            opaque: 0,
            flag: 0,
            fields: Fields::new(text),
        }
    }
}
