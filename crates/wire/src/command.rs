//! An owned request or response: convenient rather than quick, for clients, admin calls, name servers and tests.

use std::borrow::Cow;

use bytes::Bytes;
use thiserror::Error;

use crate::code::{RequestCode, ResponseCode};
use crate::frame::{self, FrameRef, SerializeType};
use crate::header::{
    FLAG_ONEWAY, FLAG_RESPONSE, FieldError, FromFields, HeaderError, RequestHeader, Scratch,
};
use crate::language::Language;
use crate::text::{push_i64, push_json_str};
use crate::version::Version;

/// Named fields of an owned command, in the order they are written. A repeated key: the last one counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExtFields(Vec<(Cow<'static, str>, String)>);

/// A typed header that can be written into fields.
pub trait ToFields {
    /// Appends every field that has a value.
    fn to_fields(&self, fields: &mut ExtFields);
}

impl ExtFields {
    /// Appends a field.
    pub fn push(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// Value of the last field with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().rev().find(|(key, _)| key == name)?;
        Some(&found.1)
    }

    /// Names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (&**key, &**value))
    }

    /// True if there is no field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// One request or response with everything in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemotingCommand {
    /// Request code or response code.
    pub code: i32,
    /// Language of the sender.
    pub language: Language,
    /// Release of the sender.
    pub version: Version,
    /// Correlates a response with its request.
    pub opaque: i32,
    /// See [`FLAG_RESPONSE`] and [`FLAG_ONEWAY`].
    pub flag: i32,
    /// Human text of a response.
    pub remark: Option<String>,
    /// Named fields.
    pub ext: ExtFields,
    /// Body; empty means that there is none.
    pub body: Bytes,
}

/// Why a frame is no command.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CommandError {
    /// The header cannot be read.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// A field cannot be read.
    #[error(transparent)]
    Field(#[from] FieldError),
}

/// Why a command cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EncodeError {
    /// The frame would exceed the limit.
    #[error("frame of {0} bytes exceeds the limit of {max} bytes", max = ferromq_base::limits::FRAME_BYTES_MAX)]
    TooLong(usize),
    /// The code, version or a field name does not fit its 16 bits.
    #[error("{0} does not fit the binary header, use json")]
    Binary(&'static str),
}

impl RemotingCommand {
    /// A request with the fields of `header`.
    #[must_use]
    pub fn request(code: RequestCode, header: &impl ToFields) -> Self {
        let mut command = Self::bare_request(code);
        header.to_fields(&mut command.ext);
        command
    }

    /// A request without fields.
    #[must_use]
    pub fn bare_request(code: RequestCode) -> Self {
        Self {
            code: code.0,
            version: Version::CURRENT,
            ..Self::default()
        }
    }

    /// A response to the request with this opaque.
    #[must_use]
    pub fn response(opaque: i32, code: ResponseCode, remark: Option<String>) -> Self {
        Self {
            code: code.0,
            version: Version::CURRENT,
            opaque,
            flag: FLAG_RESPONSE,
            remark,
            ..Self::default()
        }
    }

    /// The same command with this body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// The same command, not to be answered.
    #[must_use]
    pub fn oneway(mut self) -> Self {
        self.flag |= FLAG_ONEWAY;
        self
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

    /// The code of a request.
    #[must_use]
    pub fn request_code(&self) -> RequestCode {
        RequestCode(self.code)
    }

    /// The code of a response.
    #[must_use]
    pub fn response_code(&self) -> ResponseCode {
        ResponseCode(self.code)
    }

    /// Reads the fields as a typed header.
    ///
    /// # Errors
    /// A needed field is missing or a value cannot be read.
    pub fn header<T: FromFields>(&self) -> Result<T, FieldError> {
        let mut fields = crate::header::Fields::from_pairs(self.ext.iter());
        if self.ext.is_empty() {
            fields = crate::header::Fields::absent();
        }
        T::from_fields(&fields)
    }

    /// Reads a whole frame.
    ///
    /// # Errors
    /// Its header cannot be read.
    pub fn decode(frame: &FrameRef<'_>) -> Result<Self, CommandError> {
        let header = RequestHeader::parse(frame)?;
        Self::from_header(&header, frame.body)
    }

    /// Makes an owned command of a header that was read already and its body.
    ///
    /// # Errors
    /// A field value has a malformed escape.
    pub fn from_header(header: &RequestHeader<'_>, body: &[u8]) -> Result<Self, CommandError> {
        let mut scratch = Scratch::default();
        let mut ext = ExtFields::default();
        for (key, value) in header.fields.view(&mut scratch)?.iter() {
            ext.push(
                String::from_utf8_lossy(key).into_owned(),
                String::from_utf8_lossy(value),
            );
        }
        Ok(Self {
            code: header.code,
            language: header.language,
            version: header.version,
            opaque: header.opaque,
            flag: header.flag,
            remark: header.remark().map(Cow::into_owned),
            ext,
            body: Bytes::copy_from_slice(body),
        })
    }

    /// Appends the command as a frame.
    ///
    /// # Errors
    /// It does not fit the limits of a frame or of the binary header; `out` is unchanged.
    pub fn encode(&self, serialize: SerializeType, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let start = frame::begin(out);
        let written = match serialize {
            SerializeType::Json => {
                self.json_header(out);
                Ok(())
            }
            SerializeType::RocketMq => self.binary_header(out),
        };
        let total = out.len() - start + self.body.len();
        let fits = total <= ferromq_base::limits::FRAME_BYTES_MAX;
        let checked = written.and(if fits {
            Ok(())
        } else {
            Err(EncodeError::TooLong(total))
        });
        if let Err(error) = checked {
            out.truncate(start);
            return Err(error);
        }
        frame::end_header(out, start, serialize, self.body.len());
        out.extend_from_slice(&self.body);
        Ok(())
    }

    /// Keys in Java's order, null values left out.
    fn json_header(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"code\":");
        push_i64(out, i64::from(self.code));
        if !self.ext.is_empty() {
            out.extend_from_slice(b",\"extFields\":{");
            for (number, (key, value)) in self.ext.iter().enumerate() {
                if number > 0 {
                    out.push(b',');
                }
                push_json_str(out, key);
                out.push(b':');
                push_json_str(out, value);
            }
            out.push(b'}');
        }
        out.extend_from_slice(b",\"flag\":");
        push_i64(out, i64::from(self.flag));
        out.extend_from_slice(b",\"language\":\"");
        out.extend_from_slice(self.language.name().as_bytes());
        out.extend_from_slice(b"\",\"opaque\":");
        push_i64(out, i64::from(self.opaque));
        if let Some(remark) = &self.remark {
            out.extend_from_slice(b",\"remark\":");
            push_json_str(out, remark);
        }
        out.extend_from_slice(b",\"serializeTypeCurrentRPC\":\"JSON\",\"version\":");
        push_i64(out, i64::from(self.version.0));
        out.push(b'}');
    }

    fn binary_header(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let code = i16::try_from(self.code).map_err(|_| EncodeError::Binary("the code"))?;
        let version =
            i16::try_from(self.version.0).map_err(|_| EncodeError::Binary("the version"))?;
        out.extend_from_slice(&code.to_be_bytes());
        out.push(self.language.code());
        out.extend_from_slice(&version.to_be_bytes());
        out.extend_from_slice(&self.opaque.to_be_bytes());
        out.extend_from_slice(&self.flag.to_be_bytes());
        push_sized(out, self.remark.as_deref().unwrap_or_default());
        let block = out.len();
        out.extend_from_slice(&[0; 4]);
        for (key, value) in self.ext.iter() {
            let len = i16::try_from(key.len()).map_err(|_| EncodeError::Binary("a field name"))?;
            out.extend_from_slice(&len.to_be_bytes());
            out.extend_from_slice(key.as_bytes());
            push_sized(out, value);
        }
        let len = (out.len() - block - 4) as u32;
        out[block..block + 4].copy_from_slice(&len.to_be_bytes());
        Ok(())
    }
}

fn push_sized(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&(text.len() as u32).to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}
