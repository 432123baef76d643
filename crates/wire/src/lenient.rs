//! A tolerant JSON reader: what Java's, C++'s and Go's writers produce and strict readers refuse.
//!
//! Beyond JSON it accepts integer and object keys (an object key becomes its own compact JSON text), bare words as
//! keys, single quotes, a trailing comma, control characters within strings and half surrogate pairs.

use std::borrow::Cow;

use serde_json::{Map, Number, Value};
use thiserror::Error;

/// Deepest nesting.
pub const DEPTH_MAX: usize = 64;
/// Most values of one document. A frame of zeros and commas would otherwise take 16 times its own size.
pub const VALUES_MAX: usize = 4_000_000;

/// Why a text cannot be read as JSON even with tolerance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LenientError {
    /// Something else was expected.
    #[error("expected {expected} at byte {at}")]
    Expected {
        /// What was expected.
        expected: &'static str,
        /// Where, in bytes.
        at: usize,
    },
    /// Nested too deeply.
    #[error("nested deeper than {DEPTH_MAX} levels")]
    TooDeep,
    /// Too many values.
    #[error("more than {VALUES_MAX} values")]
    TooMany,
}

/// Reads one JSON document. Bytes that are not UTF-8 become replacement characters.
///
/// # Errors
/// The text is not JSON by any tolerance, or exceeds a limit.
pub fn parse(text: &[u8]) -> Result<Value, LenientError> {
    let text = String::from_utf8_lossy(text);
    let mut reader = Reader {
        text: &text,
        at: 0,
        values: 0,
    };
    let value = reader.value(0)?;
    reader.space();
    if reader.at != text.len() {
        return Err(reader.expected("the end"));
    }
    Ok(value)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    values: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Result<Value, LenientError> {
        if depth > DEPTH_MAX {
            return Err(LenientError::TooDeep);
        }
        self.values += 1;
        if self.values > VALUES_MAX {
            return Err(LenientError::TooMany);
        }
        self.space();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(quote @ (b'"' | b'\'')) => Ok(Value::String(self.string(quote)?.into_owned())),
            Some(b'-' | b'+' | b'0'..=b'9' | b'.') => self.number(),
            _ => self.word(),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, LenientError> {
        let mut entries = Map::new();
        self.at += 1;
        loop {
            self.space();
            if self.try_byte(b'}') {
                return Ok(Value::Object(entries));
            }
            let key = self.key(depth)?;
            self.space();
            if !self.try_byte(b':') {
                return Err(self.expected("':'"));
            }
            let value = self.value(depth + 1)?;
            entries.insert(key, value);
            self.space();
            if !self.try_byte(b',') && self.peek() != Some(b'}') {
                return Err(self.expected("',' or '}'"));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, LenientError> {
        let mut values = Vec::new();
        self.at += 1;
        loop {
            self.space();
            if self.try_byte(b']') {
                return Ok(Value::Array(values));
            }
            values.push(self.value(depth + 1)?);
            self.space();
            if !self.try_byte(b',') && self.peek() != Some(b']') {
                return Err(self.expected("',' or ']'"));
            }
        }
    }

    fn key(&mut self, depth: usize) -> Result<String, LenientError> {
        match self.peek() {
            Some(quote @ (b'"' | b'\'')) => Ok(self.string(quote)?.into_owned()),
            Some(b'{' | b'[') => Ok(self.value(depth + 1)?.to_string()),
            _ => {
                let start = self.at;
                while self
                    .peek()
                    .is_some_and(|b| b.is_ascii_alphanumeric() || b"_$-+.".contains(&b))
                {
                    self.at += 1;
                }
                if start == self.at {
                    return Err(self.expected("a key"));
                }
                Ok(self.text[start..self.at].to_owned())
            }
        }
    }

    fn number(&mut self) -> Result<Value, LenientError> {
        let start = self.at;
        while self
            .peek()
            .is_some_and(|b| b.is_ascii_digit() || b"+-.eE".contains(&b))
        {
            self.at += 1;
        }
        let text = &self.text[start..self.at];
        let number = if let Ok(n) = text.parse::<i64>() {
            Some(Number::from(n))
        } else if let Ok(n) = text.parse::<u64>() {
            Some(Number::from(n))
        } else {
            text.parse().ok().and_then(Number::from_f64)
        };
        match number {
            Some(number) => Ok(Value::Number(number)),
            None => Err(LenientError::Expected {
                expected: "a number",
                at: start,
            }),
        }
    }

    fn word(&mut self) -> Result<Value, LenientError> {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_alphabetic()) {
            self.at += 1;
        }
        match &self.text[start..self.at] {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            "null" | "undefined" | "NaN" => Ok(Value::Null),
            _ => Err(LenientError::Expected {
                expected: "a value",
                at: start,
            }),
        }
    }

    /// A string in `quote`s; borrowed if it has no escapes.
    fn string(&mut self, quote: u8) -> Result<Cow<'a, str>, LenientError> {
        self.at += 1;
        let start = self.at;
        let mut escaped = false;
        loop {
            match self.peek() {
                None => return Err(self.expected("the end of a string")),
                Some(b) if b == quote => break,
                Some(b'\\') => {
                    escaped = true;
                    self.at += 2;
                }
                Some(_) => self.at += 1,
            }
        }
        let inside = &self.text[start..self.at];
        self.at += 1;
        if !escaped {
            return Ok(Cow::Borrowed(inside));
        }
        let mut out = Vec::with_capacity(inside.len());
        let bad = LenientError::Expected {
            expected: "a valid escape",
            at: start,
        };
        crate::header::unescape(inside.as_bytes(), &mut out).ok_or(bad)?;
        String::from_utf8(out).map(Cow::Owned).map_err(|_| bad)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|b| b.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn try_byte(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn expected(&self, expected: &'static str) -> LenientError {
        LenientError::Expected {
            expected,
            at: self.at,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn strict_json_is_read_as_such() {
        let text = r#"{"a":[1,-2.5,true,null,"x\u0001\"y"],"b":{"c":18446744073709551615}}"#;
        let strict: Value = serde_json::from_str(text).unwrap();
        assert_eq!(parse(text.as_bytes()).unwrap(), strict);
    }

    #[test]
    fn the_habits_of_other_writers_are_accepted() {
        for (text, value) in [
            (r#"{0:"a",1:"b",}"#, json!({"0": "a", "1": "b"})),
            ("{code:1,'x':'it\"s',}", json!({"code": 1, "x": "it\"s"})),
            (
                r#"{{"queueId":1,"brokerName":"b"}:6}"#,
                json!({r#"{"brokerName":"b","queueId":1}"#: 6}),
            ),
            ("[1,2,]", json!([1, 2])),
            (" \n{ } ", json!({})),
            ("\"raw\u{1}control\"", json!("raw\u{1}control")),
            (r#""\ud800""#, json!("\u{FFFD}")),
            (r#"{"a":1,"a":2}"#, json!({"a": 2})),
            ("{-1:2}", json!({"-1": 2})),
        ] {
            assert_eq!(parse(text.as_bytes()), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in [
            "",
            "{",
            "[",
            "\"",
            "'",
            "\"\\",
            "{\"a\"}",
            "{\"a\":}",
            "[1 2]",
            "{} x",
            "nul",
            "--1",
            "{:1}",
            "[,]",
            "\"\\u12\"",
            "1e999",
            "\\",
            "{a b:1}",
        ] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn depth_is_limited() {
        let nested = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert!(parse(nested(DEPTH_MAX).as_bytes()).is_ok());
        assert_eq!(
            parse(nested(100_000).as_bytes()),
            Err(LenientError::TooDeep)
        );
        let keys = "{".repeat(100_000);
        assert_eq!(parse(keys.as_bytes()), Err(LenientError::TooDeep));
    }

    #[test]
    fn the_number_of_values_is_limited() {
        let many = format!("[{}]", "0,".repeat(VALUES_MAX));
        assert_eq!(parse(many.as_bytes()), Err(LenientError::TooMany));
    }
}
