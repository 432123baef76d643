//! An answer on its way to a typed result.

use std::time::Duration;

use bytes::Bytes;
use ferromq_wire::code::ResponseCode;
use ferromq_wire::command::RemotingCommand;
use ferromq_wire::header::FromFields;

use crate::channels::Channels;
use crate::error::CallError;

/// An answer with what is needed to complain about it.
pub(crate) struct Answer {
    addr: String,
    request: i32,
    response: RemotingCommand,
}

impl Answer {
    /// Asks `addr`.
    pub(crate) async fn of(
        channels: &Channels,
        addr: &str,
        command: RemotingCommand,
        timeout: Duration,
    ) -> Result<Self, CallError> {
        let request = command.code;
        let response = channels.call(addr, command, timeout).await?;
        Ok(Self {
            addr: addr.to_owned(),
            request,
            response,
        })
    }

    pub(crate) fn code(&self) -> ResponseCode {
        self.response.response_code()
    }

    /// Itself if the code is success.
    pub(crate) fn ok(self) -> Result<Self, CallError> {
        if self.code() == ResponseCode::SUCCESS {
            return Ok(self);
        }
        Err(self.refused())
    }

    /// The error for a code that is not expected.
    pub(crate) fn refused(self) -> CallError {
        CallError::Refused {
            addr: self.addr,
            request: self.request,
            code: self.response.code,
            remark: self.response.remark.unwrap_or_default(),
        }
    }

    /// The fields as a typed header.
    pub(crate) fn header<T: FromFields>(&self) -> Result<T, CallError> {
        let header = self.response.header();
        header.map_err(|error| self.bad(error.to_string()))
    }

    /// The body as JSON, in any of its dialects.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, CallError> {
        let body = ferromq_wire::body::decode(&self.response.body);
        body.map_err(|error| self.bad(error.to_string()))
    }

    pub(crate) fn into_body(self) -> Bytes {
        self.response.body
    }

    fn bad(&self, what: String) -> CallError {
        CallError::BadAnswer {
            addr: self.addr.clone(),
            request: self.request,
            what,
        }
    }
}
