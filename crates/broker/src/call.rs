//! A request as its handler sees it, and what a handler off the hot path answers.

use std::borrow::Cow;
use std::rc::Rc;

use ferromq_net::Connection;
use ferromq_wire::code::{RequestCode, ResponseCode};
use ferromq_wire::header::{FieldError, FromFields, RequestHeader};

use crate::error::Refusal;

/// One request; borrows the read buffer.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    /// Whom it came from and where the reply goes.
    pub conn: &'a Rc<Connection>,
    /// Its header.
    pub header: &'a RequestHeader<'a>,
    /// Its body; empty means none.
    pub body: &'a [u8],
}

impl Call<'_> {
    /// What is asked for.
    pub(crate) fn code(&self) -> RequestCode {
        RequestCode(self.header.code)
    }

    /// The typed header.
    pub(crate) fn parse<T: FromFields>(&self) -> Result<T, Refusal> {
        Ok(T::from_fields(&self.header.fields)?)
    }
}

impl From<FieldError> for Refusal {
    fn from(error: FieldError) -> Self {
        Self::unusable(error.to_string())
    }
}

/// What a handler off the hot path answers.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Response code.
    pub code: ResponseCode,
    /// Human text.
    pub remark: Option<Cow<'static, str>>,
    /// Fields of the response header.
    pub fields: Vec<(&'static str, String)>,
    /// Body; empty means none.
    pub body: Vec<u8>,
}

/// How a handler off the hot path ends.
pub(crate) type Outcome = Result<Answer, Refusal>;

impl Answer {
    /// Success without anything else.
    pub(crate) fn ok() -> Self {
        Self::of(ResponseCode::SUCCESS)
    }

    /// A code without anything else.
    pub(crate) fn of(code: ResponseCode) -> Self {
        Self {
            code,
            remark: None,
            fields: Vec::new(),
            body: Vec::new(),
        }
    }

    /// The same with one more field.
    #[must_use]
    pub(crate) fn field(mut self, name: &'static str, value: impl ToString) -> Self {
        self.fields.push((name, value.to_string()));
        self
    }

    /// The same with a remark.
    #[must_use]
    pub(crate) fn remark(mut self, remark: impl Into<Cow<'static, str>>) -> Self {
        self.remark = Some(remark.into());
        self
    }

    /// The same with a body.
    #[must_use]
    pub(crate) fn body(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self::of(refusal.code).remark(refusal.remark)
    }
}
