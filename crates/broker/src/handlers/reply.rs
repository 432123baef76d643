//! SEND_REPLY_MESSAGE: the answer of a consumer to a requesting producer.
//!
//! The producer waits on a connection to this broker: the reply is pushed to it, and stored beside. The consumer is
//! answered when the producer has it.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use ferromq_base::{Clock, Millis};
use ferromq_net::ThreadContext;
use ferromq_storage::PushError;
use ferromq_wire::code::{RequestCode, ResponseCode};
use ferromq_wire::command::RemotingCommand;
use ferromq_wire::frame::SerializeType;
use ferromq_wire::message::{Properties, RecordDraft, properties as key};
use ferromq_wire::request::{PushReplyMessageRequest, SendRequest};
use ferromq_wire::response;

use super::send::check_size;
use crate::call::Call;
use crate::client_calls::{Asker, ClientCalls};
use crate::error::Refusal;
use crate::groups::{Client, Members};
use crate::host::plain;
use crate::sending::{Stamp, Target, Targets, Traits, Turns};

/// What takes replies on one thread.
pub(crate) struct Reply {
    /// Finds and checks topics and queues.
    pub targets: Rc<Targets>,
    /// Collects records.
    pub turns: Rc<Turns>,
    /// Knows the producers.
    pub members: Arc<Members>,
    /// Waits for the producers' answers.
    pub calls: Arc<ClientCalls>,
    /// Tells the time of the push.
    pub clock: Arc<dyn Clock>,
    /// Tells the time for deadlines.
    pub thread: ThreadContext,
}

impl Reply {
    /// Pushes a reply to its producer.
    pub(crate) fn handle(
        &self,
        call: &Call<'_>,
        request: &SendRequest<'_>,
        stamp: &Stamp,
        host: SocketAddr,
    ) -> Result<(), Refusal> {
        let target = self.targets.find(request, stamp, call.conn.peer())?;
        check_size(call.body, stamp)?;
        let properties = Properties::new(request.properties.as_bytes());
        let traits = Traits::of(properties);
        let Some(id) = traits.reply_to else {
            let remark = "reply message properties[REPLY_TO_CLIENT] is null";
            return Err(Refusal::unusable(remark));
        };
        let Some(producer) = self.members.producer(id) else {
            let remark = format!("push reply message fail, channel of {id} not found.");
            return Err(Refusal::unusable(remark));
        };
        let push = self.push_of(call, request, host);
        self.push(call, push, (&producer, id), target.queue.0, stamp)?;
        if stamp.config().store_reply_message_enable
            && let Err(error) = self.store(call, request, (stamp, host), &target)
        {
            tracing::warn!(topic = request.topic, %error, "a reply was pushed but cannot be stored");
        }
        Ok(())
    }

    /// The request to the producer.
    fn push_of(
        &self,
        call: &Call<'_>,
        request: &SendRequest<'_>,
        host: SocketAddr,
    ) -> RemotingCommand {
        let now = self.clock.now();
        let mut properties = request.properties.to_owned();
        if !Properties::new(properties.as_bytes()).is_terminated() {
            properties.push(char::from(key::PROPERTY_SEPARATOR));
        }
        let mut pushed_at = Vec::new();
        key::push(&mut pushed_at, key::PUSH_REPLY_TIME, &now.to_string());
        properties.push_str(&String::from_utf8_lossy(&pushed_at));
        let header = PushReplyMessageRequest {
            producer_group: request.producer_group.to_owned(),
            topic: request.topic.to_owned(),
            default_topic: request.default_topic.to_owned(),
            default_topic_queue_nums: request.default_topic_queue_nums,
            queue_id: request.queue_id,
            sys_flag: request.sys_flag,
            born_timestamp: request.born_timestamp,
            flag: request.flag,
            properties: Some(properties),
            reconsume_times: Some(request.reconsume_times),
            unit_mode: request.unit_mode,
            born_host: plain(call.conn.peer()).to_string(),
            store_host: host.to_string(),
            store_timestamp: now.0,
        };
        RemotingCommand::request(RequestCode::PUSH_REPLY_MESSAGE_TO_CLIENT, &header)
            .with_body(call.body.to_vec())
    }

    fn push(
        &self,
        call: &Call<'_>,
        mut push: RemotingCommand,
        (producer, id): (&Client, &str),
        queue: u32,
        stamp: &Stamp,
    ) -> Result<(), Refusal> {
        push.opaque = self.calls.number();
        let mut frame = Vec::new();
        push.encode(SerializeType::Json, &mut frame)
            .map_err(|error| Refusal::illegal_message(stamp.body_bytes_max(), error))?;
        if !call.header.is_oneway() {
            let asker = asker(call, id, queue, stamp);
            let call_id = (producer.link().id(), push.opaque);
            let begun = self.calls.begin(call_id, asker, self.thread.now());
            begun.map_err(|_| {
                let remark = "too many replies wait for their producers";
                Refusal::new(ResponseCode::SYSTEM_BUSY, remark)
            })?;
            // The deadline counts from the end of this turn on.
            self.thread.kick();
        }
        producer.link().post(frame);
        Ok(())
    }

    /// Stores the reply in its topic; nobody waits for that.
    fn store(
        &self,
        call: &Call<'_>,
        request: &SendRequest<'_>,
        (stamp, host): (&Stamp, SocketAddr),
        target: &Target,
    ) -> Result<(), PushError> {
        let properties = Properties::new(request.properties.as_bytes());
        let traits = Traits::of(properties);
        let mut kept = Vec::new();
        let parts = [traits.kept(properties, &[], &mut kept), stamp.properties()];
        let queue = target.topic.queue(target.queue);
        let draft = RecordDraft {
            topic: queue.topic(),
            queue_id: queue.id(),
            flag: request.flag,
            sys_flag: request.sys_flag,
            born_timestamp: Millis(request.born_timestamp),
            born_host: plain(call.conn.peer()),
            store_host: host,
            reconsume_times: request.reconsume_times,
            prepared_transaction_offset: 0,
            body: call.body,
            properties: &parts,
        };
        self.turns.push(&queue, &draft, traits.index)?;
        self.turns.request_done(None);
        Ok(())
    }
}

/// The consumer that sent the reply, with both ends this may have.
fn asker(call: &Call<'_>, id: &str, queue: u32, stamp: &Stamp) -> Asker {
    let trace = if stamp.config().trace_on {
        "true"
    } else {
        "false"
    };
    let region = stamp.config().region_id.as_str();
    let opaque = call.header.opaque;
    let (mut success, mut failure) = (Vec::new(), Vec::new());
    let queue = queue.to_string();
    let fields = [
        ("msgId", "0"),
        ("queueId", queue.as_str()),
        ("queueOffset", "0"),
        ("MSG_REGION", region),
        ("TRACE_ON", trace),
    ];
    let code = ResponseCode::SUCCESS;
    response::write_response(&mut success, opaque, code, None, &fields, &[]);
    let remark = format!("push reply message to {id}fail.");
    let code = ResponseCode::SYSTEM_ERROR;
    response::write_response(&mut failure, opaque, code, Some(&remark), &fields[3..], &[]);
    Asker {
        conn: call.conn.handle(),
        success,
        failure,
    }
}
