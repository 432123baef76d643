//! The answer to a request, before it is a frame.

use ferromq_wire::code::ResponseCode;
use ferromq_wire::response::write_response;

/// Code, remark, fields and body of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    code: ResponseCode,
    remark: Option<String>,
    fields: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Answer {
    /// Success without anything.
    pub(crate) fn ok() -> Self {
        Self::of(ResponseCode::SUCCESS, None)
    }

    /// Success with a body.
    pub(crate) fn body(body: impl Into<Vec<u8>>) -> Self {
        Self {
            body: body.into(),
            ..Self::ok()
        }
    }

    /// A failure and why.
    pub(crate) fn refuse(code: ResponseCode, remark: impl Into<String>) -> Self {
        Self::of(code, Some(remark.into()))
    }

    /// A failure without a code of its own, and why.
    pub(crate) fn error(remark: impl ToString) -> Self {
        Self::of(ResponseCode::SYSTEM_ERROR, Some(remark.to_string()))
    }

    fn of(code: ResponseCode, remark: Option<String>) -> Self {
        Self {
            code,
            remark,
            fields: Vec::new(),
            body: Vec::new(),
        }
    }

    /// With one more field.
    pub(crate) fn field(mut self, name: &'static str, value: impl ToString) -> Self {
        self.fields.push((name, value.to_string()));
        self
    }

    /// With one more field if there is a value.
    pub(crate) fn maybe_field(self, name: &'static str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.field(name, value),
            None => self,
        }
    }

    /// With another body.
    pub(crate) fn with_body(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }

    /// Appends the frame.
    pub(crate) fn write(&self, out: &mut Vec<u8>, opaque: i32) {
        let fields: Vec<(&str, &str)> = self
            .fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        write_response(
            out,
            opaque,
            self.code,
            self.remark.as_deref(),
            &fields,
            &self.body,
        );
    }
}
