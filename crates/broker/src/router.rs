//! Request code to handler: one exhaustive match.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use ferromq_net::ThreadContext;
use ferromq_wire::code::{RequestCode, ResponseCode};
use ferromq_wire::header::Scratch;
use ferromq_wire::request::{PullRequest, SendRequest};
use ferromq_wire::response;

use crate::broker::Parts;
use crate::call::{Answer, Call, Outcome};
use crate::delivery::{HeldPulls, PullRead};
use crate::error::Refusal;
use crate::handlers::{
    PullMessages, Send, SendBack, SendBatch, client_config, offset_by_time, offset_max, offset_min,
    query_message, view_message,
};
use crate::sending::{Stamps, Targets, TopicCache, Turns, refuse_send};

/// What the handlers of one thread share.
pub(crate) struct ThreadParts {
    /// Finds topics and queues of sends.
    pub targets: Rc<Targets>,
    /// Topics met before.
    pub cache: Rc<TopicCache>,
    /// Records and waiting replies.
    pub turns: Rc<Turns>,
    /// Reads for pulls.
    pub read: Rc<PullRead>,
    /// Pulls that wait.
    pub held: Rc<HeldPulls>,
    /// What goes into messages and send replies.
    pub stamps: Rc<Stamps>,
    /// The thread.
    pub thread: ThreadContext,
}

/// The handlers of one thread.
pub(crate) struct Router {
    parts: Arc<Parts>,
    stamps: Rc<Stamps>,
    send: Send,
    send_batch: SendBatch,
    send_back: SendBack,
    pull: PullMessages,
    scratch: RefCell<Scratch>,
}

impl Router {
    /// Gives every handler the parts it uses.
    pub(crate) fn new(parts: Arc<Parts>, thread: ThreadParts) -> Self {
        let send = Send {
            targets: Rc::clone(&thread.targets),
            cache: Rc::clone(&thread.cache),
            turns: Rc::clone(&thread.turns),
            delays: Arc::clone(&parts.delays),
            topics: Arc::clone(&parts.topics),
            groups: Arc::clone(&parts.groups),
            locks: Arc::clone(&parts.locks),
            uniq_keys: Arc::clone(&parts.uniq_keys),
            clock: Arc::clone(&parts.clock),
            buffers: RefCell::default(),
        };
        let send_batch = SendBatch {
            targets: Rc::clone(&thread.targets),
            turns: Rc::clone(&thread.turns),
        };
        let send_back = SendBack {
            targets: thread.targets,
            turns: thread.turns,
            delays: Arc::clone(&parts.delays),
            topics: Arc::clone(&parts.topics),
            groups: Arc::clone(&parts.groups),
            store: Arc::clone(&parts.store),
            buffers: RefCell::default(),
        };
        let pull = PullMessages {
            cache: thread.cache,
            groups: Arc::clone(&parts.groups),
            members: Arc::clone(&parts.members),
            offsets: Arc::clone(&parts.offsets),
            read: thread.read,
            held: thread.held,
            thread: thread.thread,
        };
        Self {
            parts,
            stamps: thread.stamps,
            send,
            send_batch,
            send_back,
            pull,
            scratch: RefCell::default(),
        }
    }

    /// Has a request handled. Whatever happens, a two-way request is answered, now or later.
    pub(crate) fn route(&self, call: &Call<'_>) {
        match call.code() {
            RequestCode::SEND_MESSAGE
            | RequestCode::SEND_MESSAGE_V2
            | RequestCode::SEND_BATCH_MESSAGE => self.send(call),
            RequestCode::PULL_MESSAGE | RequestCode::LITE_PULL_MESSAGE => self.pull(call),
            RequestCode::CONSUMER_SEND_MSG_BACK => self.send_back(call),
            _ => reply(call, self.answer(call).unwrap_or_else(Answer::from)),
        }
    }

    fn send(&self, call: &Call<'_>) {
        let stamp = self.stamps.now();
        let mut scratch = self.scratch.borrow_mut();
        let request = SendRequest::parse(call.code(), &call.header.fields, &mut scratch);
        let host = self.parts.host.for_connection(call.conn);
        let taken = match request {
            Err(error) => Err(error.into()),
            Ok(request) if request.batch => self.send_batch.handle(call, &request, &stamp, host),
            Ok(request) => self.send.handle(call, &request, &stamp, host),
        };
        match taken {
            Err(refusal) if !call.header.is_oneway() => {
                refuse_send(call.conn, call.header.opaque, &stamp, &refusal);
            }
            Err(refusal) => {
                tracing::debug!(peer = %call.conn.peer(), %refusal, "one-way message refused");
            }
            Ok(()) => {}
        }
    }

    fn pull(&self, call: &Call<'_>) {
        if call.header.is_oneway() {
            // Nobody waits for the messages.
            return;
        }
        let stamp = self.stamps.now();
        let mut scratch = self.scratch.borrow_mut();
        match PullRequest::parse(&call.header.fields, &mut scratch) {
            Ok(request) => {
                if let Err(refusal) = self.pull.handle(call, &request, &stamp) {
                    refusal.answer(call);
                }
            }
            Err(error) => reply(call, Answer::from(Refusal::from(error))),
        }
    }

    fn send_back(&self, call: &Call<'_>) {
        let stamp = self.stamps.now();
        let host = self.parts.host.for_connection(call.conn);
        if let Err(refusal) = self.send_back.handle(call, &stamp, host) {
            reply(call, refusal.into());
        }
    }

    /// Everything off the hot path.
    fn answer(&self, call: &Call<'_>) -> Outcome {
        let parts = &self.parts;
        match call.code() {
            RequestCode::GET_MAX_OFFSET => offset_max::handle(call, &parts.topics, &parts.store),
            RequestCode::GET_MIN_OFFSET => offset_min::handle(call, &parts.topics, &parts.store),
            RequestCode::GET_EARLIEST_MSG_STORETIME => {
                offset_min::handle_time(call, &parts.topics, &parts.store)
            }
            RequestCode::SEARCH_OFFSET_BY_TIMESTAMP => {
                offset_by_time::handle(call, &parts.topics, &parts.store)
            }
            RequestCode::QUERY_MESSAGE => query_message::handle(call, &parts.store),
            RequestCode::VIEW_MESSAGE_BY_ID => view_message::handle(call, &parts.store),
            RequestCode::CHECK_CLIENT_CONFIG => client_config::handle(call),
            code => Err(not_supported(code)),
        }
    }
}

/// The refusal of a code nobody handles: what RocketMQ does not know gets its text, what this version lacks its name.
fn not_supported(code: RequestCode) -> Refusal {
    match code.name() {
        Some(name) => Refusal::unsupported(format_args!("request {name} ({})", code.0)),
        None => Refusal::new(
            ResponseCode::REQUEST_CODE_NOT_SUPPORTED,
            format!(" request type {} not supported", code.0),
        ),
    }
}

fn reply(call: &Call<'_>, answer: Answer) {
    if call.header.is_oneway() {
        return;
    }
    let fields: Vec<(&str, &str)> = answer
        .fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    response::write_response(
        &mut call.conn.out(),
        call.header.opaque,
        answer.code,
        answer.remark.as_deref(),
        &fields,
        &answer.body,
    );
}
