//! Fields read into typed headers, and why that can fail.

use thiserror::Error;

use super::fields::{FieldView, Fields, Scratch};
use crate::text::parse_i64;

/// Why the fields of a header do not make the request they should. The answer is code 1 with this text.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FieldError {
    /// The header has no field map at all.
    #[error("the request has no extFields, but needs {0}")]
    Absent(&'static str),
    /// A needed field is missing.
    #[error("the request field {0} is missing")]
    Missing(&'static str),
    /// A value cannot be read.
    #[error("the request field {name} is {value:?}, expected {expected}")]
    Invalid {
        /// Field.
        name: &'static str,
        /// What came, at most 64 characters.
        value: String,
        /// What belongs there.
        expected: &'static str,
    },
    /// A JSON string contains an escape that does not exist.
    #[error("the request field {name} contains a malformed escape")]
    Escape {
        /// Field.
        name: String,
    },
}

impl FieldError {
    /// A value that cannot be read.
    pub(crate) fn invalid(name: &'static str, value: &[u8], expected: &'static str) -> Self {
        Self::Invalid {
            name,
            value: String::from_utf8_lossy(value).chars().take(64).collect(),
            expected,
        }
    }

    /// A needed field that is not there.
    pub(crate) fn missing(view: FieldView<'_>, name: &'static str) -> Self {
        if view.is_absent() {
            return Self::Absent(name);
        }
        Self::Missing(name)
    }
}

/// A type that a field's text can be read as and written from.
pub trait FieldValue: Sized {
    /// Reads the text of field `name`.
    ///
    /// # Errors
    /// The text is no such value.
    fn read(name: &'static str, text: &[u8]) -> Result<Self, FieldError>;

    /// Writes the text; none if there is nothing to write.
    fn write(&self) -> Option<String>;

    /// The value of an empty text, for types that cannot read it but may be missing.
    #[must_use]
    fn if_empty() -> Option<Self> {
        None
    }

    /// The value of a missing field, for types that have one.
    #[must_use]
    fn if_missing() -> Option<Self> {
        None
    }
}

impl FieldValue for String {
    fn read(name: &'static str, text: &[u8]) -> Result<Self, FieldError> {
        read_str(name, text).map(str::to_owned)
    }

    fn if_empty() -> Option<Self> {
        Some(Self::new())
    }

    fn write(&self) -> Option<String> {
        Some(self.clone())
    }
}

impl FieldValue for i64 {
    fn read(name: &'static str, text: &[u8]) -> Result<Self, FieldError> {
        read_i64(name, text)
    }

    fn write(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl FieldValue for i32 {
    fn read(name: &'static str, text: &[u8]) -> Result<Self, FieldError> {
        read_i32(name, text)
    }

    fn write(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl FieldValue for bool {
    fn read(_: &'static str, text: &[u8]) -> Result<Self, FieldError> {
        Ok(read_bool(text))
    }

    fn write(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl<T: FieldValue> FieldValue for Option<T> {
    fn read(name: &'static str, text: &[u8]) -> Result<Self, FieldError> {
        T::read(name, text).map(Some)
    }

    fn write(&self) -> Option<String> {
        self.as_ref().and_then(T::write)
    }

    fn if_empty() -> Option<Self> {
        T::if_empty().map(Some)
    }

    fn if_missing() -> Option<Self> {
        Some(None)
    }
}

/// A typed header: declared once, read from the fields of either codec.
pub trait FromFields: Sized {
    /// Reads the fields it knows; others are ignored.
    ///
    /// # Errors
    /// A needed field is missing or a value cannot be read.
    fn from_view(view: FieldView<'_>) -> Result<Self, FieldError>;

    /// Reads the fields it knows, with a buffer of its own: for requests off the hot path.
    ///
    /// # Errors
    /// As [`FromFields::from_view`].
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let mut scratch = Scratch::default();
        Self::from_view(fields.view(&mut scratch)?)
    }
}

/// Reads text.
pub(crate) fn read_str<'b>(name: &'static str, text: &'b [u8]) -> Result<&'b str, FieldError> {
    std::str::from_utf8(text).map_err(|_| FieldError::invalid(name, text, "utf-8 text"))
}

/// Reads a 64-bit number.
pub(crate) fn read_i64(name: &'static str, text: &[u8]) -> Result<i64, FieldError> {
    parse_i64(text).ok_or_else(|| FieldError::invalid(name, text, "a 64-bit integer"))
}

/// Reads a 32-bit number.
pub(crate) fn read_i32(name: &'static str, text: &[u8]) -> Result<i32, FieldError> {
    parse_i64(text)
        .and_then(|n| i32::try_from(n).ok())
        .ok_or_else(|| FieldError::invalid(name, text, "a 32-bit integer"))
}

/// Reads a boolean: `true` in any case, everything else is false.
pub(crate) fn read_bool(text: &[u8]) -> bool {
    text.eq_ignore_ascii_case(b"true")
}

/// Reads the field `name`; an empty value of a type that may be missing counts as missing.
pub(crate) fn read_field<T: FieldValue>(
    view: FieldView<'_>,
    name: &'static str,
) -> Result<T, FieldError> {
    match (view.get(name), T::if_missing()) {
        (Some(value), None) => T::read(name, value),
        (Some([]), Some(missing)) => Ok(T::if_empty().unwrap_or(missing)),
        (Some(value), Some(_)) => T::read(name, value),
        (None, Some(missing)) => Ok(missing),
        (None, None) => Err(FieldError::missing(view, name)),
    }
}
