//! Requests that the server sends to us over our own connection.

use std::fmt;
use std::sync::Arc;

use ferromq_wire::code::ResponseCode;
use ferromq_wire::command::RemotingCommand;
use ferromq_wire::header::FLAG_RESPONSE;

use super::Shared;

/// Takes requests of the server, for instance "the members of your group have changed". Runs on the reading task: must be
/// quick and must not block; whatever takes longer is handed to a task of its own.
pub type Incoming = Arc<dyn Fn(IncomingRequest) + Send + Sync>;

/// One request from the server, with the way back.
pub struct IncomingRequest {
    /// The request itself.
    pub command: RemotingCommand,
    pub(super) from: Arc<Shared>,
}

impl IncomingRequest {
    /// Address of the server, as it was given to the channel.
    #[must_use]
    pub fn addr(&self) -> &str {
        &self.from.addr
    }

    /// Whether the server expects no answer.
    #[must_use]
    pub fn is_one_way(&self) -> bool {
        self.command.is_oneway()
    }

    /// Answers that such requests are not supported.
    pub fn refuse(self) {
        let code = self.command.request_code();
        let remark = format!("request code {code} is not supported by this client");
        let not_supported = ResponseCode::REQUEST_CODE_NOT_SUPPORTED;
        self.reply(RemotingCommand::response(0, not_supported, Some(remark)));
    }

    /// Answers. Nothing is sent if the request was one-way or the connection is gone.
    pub fn reply(self, mut response: RemotingCommand) {
        if self.is_one_way() {
            return;
        }
        response.opaque = self.command.opaque;
        self.from.stamp(&mut response);
        response.flag |= FLAG_RESPONSE;
        self.from
            .outbox
            .post(|out| self.from.encode_answer(&response, out));
    }
}

impl fmt::Debug for IncomingRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IncomingRequest")
            .field("addr", &self.addr())
            .field("code", &self.command.code)
            .finish_non_exhaustive()
    }
}
