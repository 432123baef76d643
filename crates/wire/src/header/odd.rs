//! The tolerant reader of JSON headers, for everything that real peers write and the quick reader leaves alone:
//! numbers where strings belong, names in other case, single quotes, bare keys, unknown keys.

use std::borrow::Cow;

use serde_json::Value;

use super::fields::Place;
use super::{HeaderError, RequestHeader};
use crate::language::Language;
use crate::lenient;
use crate::version::Version;

/// Reads a JSON header; the result owns its text.
pub(super) fn parse(text: &[u8]) -> Result<RequestHeader<'static>, HeaderError> {
    let parsed = lenient::parse(text).map_err(|error| HeaderError::Json(error.to_string()))?;
    let Value::Object(entries) = parsed else {
        return Err(HeaderError::Json("it is not an object".to_owned()));
    };
    let mut owned = Vec::with_capacity(text.len());
    let mut header = RequestHeader::empty(Cow::Borrowed(&[]));
    for (key, value) in entries {
        match key.to_ascii_lowercase().as_str() {
            "code" => header.code = number(&value, "code")?,
            "flag" => header.flag = number(&value, "flag")?,
            "opaque" => header.opaque = number(&value, "opaque")?,
            "version" => header.version = Version(number(&value, "version")?),
            "language" => header.language = language(&value),
            "remark" => header
                .fields
                .set_remark(text_of(value).map(|remark| push(&mut owned, &remark))),
            "extfields" => fields(value, &mut owned, &mut header)?,
            _ => {}
        }
    }
    Ok(RequestHeader {
        fields: header.fields.with_text(owned),
        ..header
    })
}

fn fields(
    value: Value,
    owned: &mut Vec<u8>,
    header: &mut RequestHeader<'_>,
) -> Result<(), HeaderError> {
    let entries = match value {
        Value::Object(entries) => entries,
        Value::Null => {
            header.fields.restart(false);
            return Ok(());
        }
        _ => return Err(HeaderError::Value("extFields")),
    };
    header.fields.restart(true);
    for (key, value) in entries {
        if let Some(value) = text_of(value) {
            let key = push(owned, &key);
            if !header.fields.push(key, push(owned, &value)) {
                return Err(HeaderError::Fields);
            }
        }
    }
    Ok(())
}

fn push(owned: &mut Vec<u8>, text: &str) -> Place {
    let at = owned.len();
    owned.extend_from_slice(text.as_bytes());
    Place::plain(at, text.len())
}

/// The text of a value that should have been a string.
fn text_of(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

fn number(value: &Value, name: &'static str) -> Result<i32, HeaderError> {
    let number = match value {
        Value::Null => Some(0),
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number
        .and_then(|n| i32::try_from(n).ok())
        .ok_or(HeaderError::Value(name))
}

fn language(value: &Value) -> Language {
    match value {
        Value::String(name) => Language::from_name(name.as_bytes()),
        Value::Number(number) => number
            .as_i64()
            .map_or(Language::Unknown, Language::from_code),
        _ => Language::Unknown,
    }
}
