//! One function for each request.

mod config;
mod kv;
mod liveness;
mod register;
mod route;
mod topics;

use std::rc::Rc;

use ferromq_base::Millis;
use ferromq_net::Connection;
use ferromq_wire::code::{RequestCode, ResponseCode};
use ferromq_wire::header::{FieldError, FromFields, RequestHeader};

use crate::announced::Ends;
use crate::answer::Answer;
use crate::name_server::Core;

/// A request and where it came from.
pub(crate) struct Request<'a> {
    /// Its header.
    pub(crate) header: &'a RequestHeader<'a>,
    /// Its body; may be empty.
    pub(crate) body: &'a [u8],
    /// Both ends of the connection.
    pub(crate) ends: Ends,
    /// The connection.
    pub(crate) conn: &'a Rc<Connection>,
    /// The present time.
    pub(crate) now: Millis,
}

impl Request<'_> {
    /// The fields, as a typed header.
    fn fields<T: FromFields>(&self) -> Result<T, FieldError> {
        T::from_fields(&self.header.fields)
    }

    /// Has the saver do what waits for the disk, and then answer.
    fn later(&self, core: &Core, job: impl FnOnce() -> Answer + Send + 'static) -> Reply {
        let (opaque, oneway) = (self.header.opaque, self.header.is_oneway());
        let conn = self.conn.handle();
        let job = move || {
            let answer = job();
            if !oneway {
                let mut frame = Vec::new();
                answer.write(&mut frame, opaque);
                conn.post(frame);
            }
        };
        match core.saver.submit(Box::new(job)) {
            Ok(()) => Reply::Later,
            Err(_) => Reply::Now(Answer::refuse(
                ResponseCode::SYSTEM_BUSY,
                "too many changes wait to be saved, try again",
            )),
        }
    }
}

/// When the answer comes.
pub(crate) enum Reply {
    /// At once.
    Now(Answer),
    /// The saver posts it.
    Later,
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Self::Now(answer)
    }
}

impl<A: Into<Reply>> From<Result<A, FieldError>> for Reply {
    /// Fields that are missing or unreadable are told as they are.
    fn from(result: Result<A, FieldError>) -> Self {
        match result {
            Ok(answer) => answer.into(),
            Err(error) => Self::Now(Answer::error(error)),
        }
    }
}

/// Serves one request.
pub(crate) fn handle(core: &Core, request: &Request<'_>) -> Reply {
    match RequestCode(request.header.code) {
        RequestCode::GET_ROUTEINFO_BY_TOPIC => route::route(core, request).into(),
        RequestCode::GET_BROKER_CLUSTER_INFO => route::cluster_info(core, request).into(),
        RequestCode::GET_BROKER_MEMBER_GROUP => route::member_group(core, request).into(),
        RequestCode::REGISTER_BROKER => register::register(core, request).into(),
        RequestCode::UNREGISTER_BROKER => register::unregister(core, request).into(),
        RequestCode::BROKER_HEARTBEAT => liveness::heartbeat(core, request).into(),
        RequestCode::QUERY_DATA_VERSION => liveness::query_data_version(core, request).into(),
        RequestCode::WIPE_WRITE_PERM_OF_BROKER => topics::wipe_write(core, request).into(),
        RequestCode::ADD_WRITE_PERM_OF_BROKER => topics::add_write(core, request).into(),
        RequestCode::DELETE_TOPIC_IN_NAMESRV => topics::delete(core, request).into(),
        RequestCode::REGISTER_TOPIC_IN_NAMESRV => topics::add(core, request).into(),
        RequestCode::GET_ALL_TOPIC_LIST_FROM_NAMESERVER
        | RequestCode::GET_TOPICS_BY_CLUSTER
        | RequestCode::GET_SYSTEM_TOPIC_LIST_FROM_NS
        | RequestCode::GET_UNIT_TOPIC_LIST
        | RequestCode::GET_HAS_UNIT_SUB_TOPIC_LIST
        | RequestCode::GET_HAS_UNIT_SUB_UNUNIT_TOPIC_LIST => topics::list(core, request).into(),
        RequestCode::PUT_KV_CONFIG => kv::put(core, request).into(),
        RequestCode::GET_KV_CONFIG => kv::get(core, request).into(),
        RequestCode::DELETE_KV_CONFIG => kv::delete(core, request).into(),
        RequestCode::GET_KVLIST_BY_NAMESPACE => kv::list(core, request).into(),
        RequestCode::UPDATE_NAMESRV_CONFIG => config::update(core, request),
        RequestCode::GET_NAMESRV_CONFIG => config::read(core).into(),
        other => unsupported(other).into(),
    }
}

fn unsupported(code: RequestCode) -> Answer {
    Answer::refuse(
        ResponseCode::REQUEST_CODE_NOT_SUPPORTED,
        format!(" request type {} not supported", code.0),
    )
}
