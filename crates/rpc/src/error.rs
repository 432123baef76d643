//! What can go wrong with a call, and whether trying again helps.

use std::time::Duration;

use ferromq_wire::code::ResponseCode;
use ferromq_wire::command::EncodeError;

/// When a failed call may be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The same call will fail again: the caller has to change something.
    Never,
    /// The peer may accept the same call later.
    Later,
    /// Another peer may accept it now; this one probably not.
    Elsewhere,
}

/// Why a call failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CallError {
    /// No connection could be made.
    #[error(
        "cannot connect to {addr}: {cause}; check that a server runs there and that the address is reachable"
    )]
    Connect {
        /// Address as it was given.
        addr: String,
        /// What the operating system said.
        cause: String,
    },
    /// The connection broke, or was closed, before the answer came.
    #[error(
        "connection to {addr} is closed ({cause}); the request may or may not have been carried out"
    )]
    Broken {
        /// Address as it was given.
        addr: String,
        /// Why the connection ended.
        cause: String,
    },
    /// No answer in time.
    #[error(
        "no answer from {addr} to request code {code} within {} ms; the server is overloaded or unreachable, or the time-out is too short",
        after.as_millis()
    )]
    TimedOut {
        /// Address as it was given.
        addr: String,
        /// Request code.
        code: i32,
        /// The time that was allowed.
        after: Duration,
    },
    /// The request cannot be put into a frame.
    #[error("request with code {code} cannot be sent: {error}")]
    Unsendable {
        /// Request code.
        code: i32,
        /// What is wrong with it.
        error: EncodeError,
    },
    /// The peer answered with a code other than success.
    #[error("{addr} answered request code {request} with code {code}: {remark}")]
    Refused {
        /// Address as it was given.
        addr: String,
        /// Request code.
        request: i32,
        /// Response code.
        code: i32,
        /// What the peer says about it; may be empty.
        remark: String,
    },
    /// The peer's answer does not hold what it must hold.
    #[error(
        "{addr} answered request code {request} with something that cannot be understood: {what}"
    )]
    BadAnswer {
        /// Address as it was given.
        addr: String,
        /// Request code.
        request: i32,
        /// What is missing or wrong.
        what: String,
    },
    /// There is nobody to ask.
    #[error(
        "no name server address is known; give one or more as host:port, separated by semicolons"
    )]
    NoNameServer,
}

impl CallError {
    /// Response code, if the peer answered with one.
    #[must_use]
    pub fn code(&self) -> Option<i32> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// Whether the peer answered with exactly this code.
    #[must_use]
    pub fn is(&self, expected: ResponseCode) -> bool {
        self.code() == Some(expected.0)
    }

    /// Whether the trouble lies on the way (no connection, no answer) rather than in the answer.
    #[must_use]
    pub fn is_transport(&self) -> bool {
        matches!(
            self,
            Self::Connect { .. } | Self::Broken { .. } | Self::TimedOut { .. }
        )
    }

    /// Whether the request may have been carried out although the call failed.
    #[must_use]
    pub fn may_have_happened(&self) -> bool {
        matches!(
            self,
            Self::Broken { .. } | Self::TimedOut { .. } | Self::BadAnswer { .. }
        )
    }

    /// When trying again helps.
    #[must_use]
    pub fn retry(&self) -> Retry {
        match self {
            Self::Connect { .. } | Self::Broken { .. } | Self::TimedOut { .. } => Retry::Elsewhere,
            Self::Unsendable { .. } | Self::BadAnswer { .. } | Self::NoNameServer => Retry::Never,
            Self::Refused { code, .. } => retry_of(*code),
        }
    }
}

/// The codes after which another broker, or the same one later, may accept the request.
fn retry_of(code: i32) -> Retry {
    match ResponseCode(code) {
        ResponseCode::SYSTEM_ERROR
        | ResponseCode::SERVICE_NOT_AVAILABLE
        | ResponseCode::NO_PERMISSION
        | ResponseCode::TOPIC_NOT_EXIST
        | ResponseCode::NO_BUYER_ID
        | ResponseCode::NOT_IN_CURRENT_UNIT
        | ResponseCode::GO_AWAY => Retry::Elsewhere,
        ResponseCode::SYSTEM_BUSY | ResponseCode::FLOW_CONTROL => Retry::Later,
        _ => Retry::Never,
    }
}
