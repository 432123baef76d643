//! Request code to handler: one exhaustive match.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use ferromq_net::ThreadContext;
use ferromq_wire::code::{RequestCode, ResponseCode};
use ferromq_wire::header::{FromFields, Scratch};
use ferromq_wire::request::{PullRequest, SendRequest};
use ferromq_wire::response;

use crate::broker::Parts;
use crate::call::{Answer, Call, Outcome};
use crate::delivery::{ColdReads, HeldPulls, PullRead, Subscriptions};
use crate::error::Refusal;
use crate::handlers::admin::consume_stats::Progress;
use crate::handlers::heartbeat::Heartbeats;
use crate::handlers::{
    PullMessages, Reply, Send, SendBack, SendBatch, admin, client_config, consumer_list,
    lock_queues, offset_by_time, offset_get, offset_max, offset_min, offset_put, query_message,
    unlock_queues, unregister, view_message,
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
    /// Reads that wait for the disk.
    pub cold: Rc<ColdReads>,
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
    send_back: Rc<SendBack>,
    reply: Reply,
    pull: PullMessages,
    cold: Rc<ColdReads>,
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
            buffers: RefCell::default(),
        };
        let reply = Reply {
            targets: Rc::clone(&thread.targets),
            turns: Rc::clone(&thread.turns),
            members: Arc::clone(&parts.members),
            calls: Arc::clone(&parts.calls),
            clock: Arc::clone(&parts.clock),
            thread: thread.thread.clone(),
        };
        let send_back = Rc::new(SendBack {
            targets: thread.targets,
            turns: thread.turns,
            delays: Arc::clone(&parts.delays),
            topics: Arc::clone(&parts.topics),
            groups: Arc::clone(&parts.groups),
            store: Arc::clone(&parts.store),
            cold: Rc::clone(&thread.cold),
            stamps: Rc::clone(&thread.stamps),
            buffers: RefCell::default(),
        });
        let pull = PullMessages {
            cache: thread.cache,
            groups: Arc::clone(&parts.groups),
            members: Arc::clone(&parts.members),
            offsets: Arc::clone(&parts.offsets),
            read: thread.read,
            held: thread.held,
            cold: Rc::clone(&thread.cold),
            subscriptions: Subscriptions::default(),
            thread: thread.thread,
        };
        Self {
            parts,
            stamps: thread.stamps,
            send,
            send_batch,
            send_back,
            reply,
            pull,
            cold: thread.cold,
            scratch: RefCell::default(),
        }
    }

    /// Has a request handled. Whatever happens, a two-way request is answered, now or later.
    pub(crate) fn route(&self, call: &Call<'_>) {
        match call.code() {
            RequestCode::SEND_MESSAGE
            | RequestCode::SEND_MESSAGE_V2
            | RequestCode::SEND_BATCH_MESSAGE
            | RequestCode::SEND_REPLY_MESSAGE
            | RequestCode::SEND_REPLY_MESSAGE_V2 => self.send(call),
            RequestCode::PULL_MESSAGE | RequestCode::LITE_PULL_MESSAGE => self.pull(call),
            RequestCode::CONSUMER_SEND_MSG_BACK => self.send_back(call),
            RequestCode::UPDATE_AND_CREATE_TOPIC => self.put_topic(call),
            RequestCode::QUERY_CONSUMER_OFFSET => self.offset(call),
            RequestCode::SEARCH_OFFSET_BY_TIMESTAMP
            | RequestCode::GET_EARLIEST_MSG_STORETIME
            | RequestCode::QUERY_MESSAGE
            | RequestCode::VIEW_MESSAGE_BY_ID
            | RequestCode::GET_TOPIC_STATS_INFO
            | RequestCode::GET_CONSUME_STATS => self.search(call),
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
            Ok(request) if is_reply(call.code()) => self.reply.handle(call, &request, &stamp, host),
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

    /// Answered when the name servers know the topic: its creator asks them next.
    fn put_topic(&self, call: &Call<'_>) {
        match admin::topic::put(call, &self.parts.topics) {
            Ok(answer) if !call.header.is_oneway() => {
                let mut frame = Vec::new();
                write(&mut frame, call.header.opaque, &answer);
                let conn = call.conn.handle();
                self.parts.announcer.when_told(move || conn.post(frame));
            }
            outcome => reply(call, outcome.unwrap_or_else(Answer::from)),
        }
    }

    /// Where a group goes on, or where it begins.
    fn offset(&self, call: &Call<'_>) {
        let request = match call.parse() {
            Ok(request) => request,
            Err(refusal) => return reply(call, refusal.into()),
        };
        match offset_get::committed(&request, &self.parts.offsets) {
            Some(answer) => reply(call, answer),
            None => self.off_thread(call, |parts, request| {
                offset_get::start(request, &parts.store)
            }),
        }
    }

    /// Requests that look for messages all over the disk.
    fn search(&self, call: &Call<'_>) {
        match call.code() {
            RequestCode::SEARCH_OFFSET_BY_TIMESTAMP => self.off_thread(call, |parts, request| {
                offset_by_time::handle(request, &parts.topics, &parts.store)
            }),
            RequestCode::GET_EARLIEST_MSG_STORETIME => self.off_thread(call, |parts, request| {
                offset_min::handle_time(request, &parts.topics, &parts.store)
            }),
            RequestCode::QUERY_MESSAGE => self.off_thread(call, |parts, request| {
                query_message::handle(request, &parts.store)
            }),
            RequestCode::VIEW_MESSAGE_BY_ID => self.off_thread(call, |parts, request| {
                view_message::handle(request, &parts.store)
            }),
            RequestCode::GET_TOPIC_STATS_INFO => self.off_thread(call, |parts, request| {
                let broker = &parts.config.load().broker_name;
                admin::topic_stats::handle(request, &parts.topics, &parts.store, broker)
            }),
            _ => self.off_thread(call, |parts, request| {
                let progress = Progress {
                    topics: &parts.topics,
                    members: &parts.members,
                    offsets: &parts.offsets,
                    store: &parts.store,
                    broker: &parts.config.load().broker_name,
                };
                progress.handle(request)
            }),
        }
    }

    /// Has a request handled by a thread that may wait for the disk.
    fn off_thread<T: FromFields + std::marker::Send + 'static>(
        &self,
        call: &Call<'_>,
        handle: impl FnOnce(&Parts, &T) -> Outcome + std::marker::Send + 'static,
    ) {
        let request: T = match call.parse() {
            Ok(request) => request,
            Err(refusal) => return reply(call, refusal.into()),
        };
        if call.header.is_oneway() {
            return;
        }
        let (parts, opaque) = (Arc::clone(&self.parts), call.header.opaque);
        let make = move || {
            let answer = handle(&parts, &request).unwrap_or_else(Answer::from);
            let mut frame = Vec::new();
            write(&mut frame, opaque, &answer);
            frame
        };
        if !self.cold.reply(call.conn, Box::new(make)) {
            let remark = "too many requests wait for the disk: ask again later";
            let busy = Refusal::new(ResponseCode::SYSTEM_BUSY, remark);
            reply(call, busy.into());
        }
    }

    /// Everything off the hot path.
    fn answer(&self, call: &Call<'_>) -> Outcome {
        let parts = &self.parts;
        match call.code() {
            RequestCode::GET_MAX_OFFSET => offset_max::handle(call, &parts.topics, &parts.store),
            RequestCode::GET_MIN_OFFSET => offset_min::handle(call, &parts.topics, &parts.store),
            RequestCode::CHECK_CLIENT_CONFIG => client_config::handle(call),
            _ => self.membership(call),
        }
    }

    /// Requests by which clients and the broker know of each other, and of how far groups have got.
    fn membership(&self, call: &Call<'_>) -> Outcome {
        let parts = &self.parts;
        let (topics, groups, members) = (&*parts.topics, &*parts.groups, &*parts.members);
        match call.code() {
            RequestCode::HEART_BEAT => Heartbeats {
                config: &parts.config.load(),
                topics,
                groups,
                members,
            }
            .handle(call),
            RequestCode::UNREGISTER_CLIENT => unregister::handle(call, members),
            RequestCode::GET_CONSUMER_LIST_BY_GROUP => consumer_list::handle(call, members),
            RequestCode::UPDATE_CONSUMER_OFFSET => {
                offset_put::handle(call, topics, groups, &parts.offsets)
            }
            RequestCode::LOCK_BATCH_MQ => lock_queues::handle(call, &parts.locks),
            RequestCode::UNLOCK_BATCH_MQ => unlock_queues::handle(call, &parts.locks),
            _ => self.admin(call),
        }
    }

    /// Requests of operators.
    fn admin(&self, call: &Call<'_>) -> Outcome {
        let parts = &self.parts;
        let (topics, groups, members) = (&*parts.topics, &*parts.groups, &*parts.members);
        let (offsets, store) = (&*parts.offsets, &*parts.store);
        let config = parts.config.load();
        match call.code() {
            RequestCode::DELETE_TOPIC_IN_BROKER => {
                admin::topic::delete(call, topics, offsets, store)
            }
            RequestCode::GET_ALL_TOPIC_CONFIG => admin::topic::list(topics),
            RequestCode::GET_TOPIC_CONFIG => admin::topic::get(call, topics),
            RequestCode::GET_SYSTEM_TOPIC_LIST_FROM_BROKER => admin::topic::list_system(topics),
            RequestCode::UPDATE_AND_CREATE_SUBSCRIPTIONGROUP => admin::group::put(call, groups),
            RequestCode::DELETE_SUBSCRIPTIONGROUP => admin::group::delete(call, groups, offsets),
            RequestCode::GET_ALL_SUBSCRIPTIONGROUP_CONFIG => admin::group::list(groups),
            RequestCode::GET_SUBSCRIPTIONGROUP_CONFIG => admin::group::get(call, groups),
            RequestCode::GET_CONSUMER_CONNECTION_LIST => {
                admin::connections::consumers(call, members)
            }
            RequestCode::GET_PRODUCER_CONNECTION_LIST => {
                admin::connections::producers(call, members)
            }
            RequestCode::GET_BROKER_CONFIG => admin::config::get(&config, parts.started),
            RequestCode::GET_BROKER_RUNTIME_INFO => {
                admin::runtime::get(store, parts.started, parts.clock.now())
            }
            RequestCode::DELETE_EXPIRED_COMMITLOG => admin::retention::delete_log(store),
            RequestCode::CLEAN_EXPIRED_CONSUMEQUEUE => admin::retention::clean_queues(store),
            code => Err(not_supported(code)),
        }
    }
}

fn is_reply(code: RequestCode) -> bool {
    matches!(
        code,
        RequestCode::SEND_REPLY_MESSAGE | RequestCode::SEND_REPLY_MESSAGE_V2
    )
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
    if !call.header.is_oneway() {
        write(&mut call.conn.out(), call.header.opaque, &answer);
    }
}

fn write(out: &mut Vec<u8>, opaque: i32, answer: &Answer) {
    let fields: Vec<(&str, &str)> = answer
        .fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    response::write_response(
        out,
        opaque,
        answer.code,
        answer.remark.as_deref(),
        &fields,
        &answer.body,
    );
}
