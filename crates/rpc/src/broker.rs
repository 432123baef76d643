//! What clients ask brokers.

use std::time::Duration;

use bytes::Bytes;
use ferromq_base::{Millis, QueueId, QueueOffset};
use ferromq_wire::body::{
    self, ConsumerList, HeartbeatData, LockBatchRequestBody, LockBatchResponseBody, MessageQueue,
};
use ferromq_wire::code::{RequestCode, ResponseCode};
use ferromq_wire::command::RemotingCommand;
use ferromq_wire::request::{
    ConsumerSendMsgBackRequest, GetConsumerListByGroupRequest, GetMaxOffsetRequest,
    GetMinOffsetRequest, OffsetResponse, PullRequest, PullResponseHeader,
    QueryConsumerOffsetRequest, SearchOffsetRequest, SendRequest, SendResponseHeader,
    UnregisterClientRequest, UpdateConsumerOffsetRequest,
};

use crate::answer::Answer;
use crate::channels::Channels;
use crate::error::CallError;

/// Calls to the broker at one address. Cheap to make and to clone.
#[derive(Clone, Debug)]
pub struct Broker {
    channels: Channels,
    addr: String,
    timeout: Duration,
}

/// What the broker says of a stored message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendAnswer {
    /// 0, or 10, 11, 12: stored, but not (yet) as safely as configured.
    pub code: ResponseCode,
    /// The other fields.
    pub header: SendResponseHeader,
}

/// How a pull ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullStatus {
    /// The answer holds messages.
    Found,
    /// Nothing new.
    NotFound,
    /// Nothing that matches; go on at the next offset.
    NoMatch,
    /// The offset is not in the queue; the next offset is.
    OffsetMoved,
}

/// Answer to a pull.
#[derive(Clone, Debug)]
pub struct PullAnswer {
    /// How it ended.
    pub status: PullStatus,
    /// Where to pull next.
    pub next: QueueOffset,
    /// First offset of the queue.
    pub min: QueueOffset,
    /// One past the last offset of the queue.
    pub max: QueueOffset,
    /// Member of the broker group to ask next time; 0 is the master.
    pub suggested_broker: u64,
    /// Records, one after the other.
    pub body: Bytes,
}

impl Broker {
    /// Calls to `addr` over `channels`; `timeout` holds for all calls that are not given one.
    #[must_use]
    pub fn new(channels: Channels, addr: &str, timeout: Duration) -> Self {
        Self {
            channels,
            addr: addr.to_owned(),
            timeout,
        }
    }

    /// The broker's address.
    #[must_use]
    pub fn addr(&self) -> &str {
        &self.addr
    }

    /// Stores a message, or a batch if the request says so.
    pub async fn send(
        &self,
        request: &SendRequest<'_>,
        body: Bytes,
        timeout: Duration,
    ) -> Result<SendAnswer, CallError> {
        let answer = self.call(send_command(request, body), timeout).await?;
        let code = answer.code();
        let header = match code {
            ResponseCode::SUCCESS
            | ResponseCode::FLUSH_DISK_TIMEOUT
            | ResponseCode::SLAVE_NOT_AVAILABLE
            | ResponseCode::FLUSH_SLAVE_TIMEOUT => answer.header()?,
            _ => return Err(answer.refused()),
        };
        Ok(SendAnswer { code, header })
    }

    /// Hands a message over without an answer.
    pub async fn send_one_way(
        &self,
        request: &SendRequest<'_>,
        body: Bytes,
        timeout: Duration,
    ) -> Result<(), CallError> {
        let command = send_command(request, body);
        self.channels.one_way(&self.addr, command, timeout).await
    }

    /// Asks for messages; `timeout` must be longer than the time for which the request allows the broker to hold it.
    pub async fn pull(
        &self,
        code: RequestCode,
        request: &PullRequest<'_>,
        timeout: Duration,
    ) -> Result<PullAnswer, CallError> {
        let answer = self
            .call(RemotingCommand::request(code, request), timeout)
            .await?;
        let status = match answer.code() {
            ResponseCode::SUCCESS => PullStatus::Found,
            ResponseCode::PULL_NOT_FOUND => PullStatus::NotFound,
            ResponseCode::PULL_RETRY_IMMEDIATELY => PullStatus::NoMatch,
            ResponseCode::PULL_OFFSET_MOVED => PullStatus::OffsetMoved,
            _ => return Err(answer.refused()),
        };
        let header: PullResponseHeader = answer.header()?;
        Ok(PullAnswer {
            status,
            next: offset(header.next_begin_offset),
            min: offset(header.min_offset),
            max: offset(header.max_offset),
            suggested_broker: u64::try_from(header.suggest_which_broker_id).unwrap_or(0),
            body: answer.into_body(),
        })
    }

    /// The group's stored offset of a queue; none if there is none. With `zero_if_none` the broker may answer 0 instead for a
    /// young queue.
    pub async fn query_consumer_offset(
        &self,
        group: &str,
        topic: &str,
        queue: QueueId,
        zero_if_none: bool,
    ) -> Result<Option<QueueOffset>, CallError> {
        let request = QueryConsumerOffsetRequest {
            consumer_group: group.to_owned(),
            topic: topic.to_owned(),
            queue_id: number(queue),
            set_zero_if_not_found: (!zero_if_none).then_some(false),
        };
        let command = RemotingCommand::request(RequestCode::QUERY_CONSUMER_OFFSET, &request);
        let answer = self.call(command, self.timeout).await?;
        if answer.code() == ResponseCode::QUERY_NOT_FOUND {
            return Ok(None);
        }
        let found: OffsetResponse = answer.ok()?.header()?;
        Ok(u64::try_from(found.offset).ok().map(QueueOffset))
    }

    /// Stores the group's offset of a queue.
    pub async fn update_consumer_offset(
        &self,
        group: &str,
        topic: &str,
        queue: QueueId,
        offset: QueueOffset,
    ) -> Result<(), CallError> {
        let request = UpdateConsumerOffsetRequest {
            consumer_group: group.to_owned(),
            topic: topic.to_owned(),
            queue_id: number(queue),
            commit_offset: offset.to_wire(),
        };
        let command = RemotingCommand::request(RequestCode::UPDATE_CONSUMER_OFFSET, &request);
        self.done(command, self.timeout).await
    }

    /// One past the last offset of a queue.
    pub async fn max_offset(&self, topic: &str, queue: QueueId) -> Result<QueueOffset, CallError> {
        let request = GetMaxOffsetRequest {
            topic: topic.to_owned(),
            queue_id: number(queue),
        };
        let command = RemotingCommand::request(RequestCode::GET_MAX_OFFSET, &request);
        self.offset(command).await
    }

    /// First offset of a queue.
    pub async fn min_offset(&self, topic: &str, queue: QueueId) -> Result<QueueOffset, CallError> {
        let request = GetMinOffsetRequest {
            topic: topic.to_owned(),
            queue_id: number(queue),
        };
        let command = RemotingCommand::request(RequestCode::GET_MIN_OFFSET, &request);
        self.offset(command).await
    }

    /// Offset of the first message that was stored at `at` or later; the queue's end if there is none.
    pub async fn offset_by_time(
        &self,
        topic: &str,
        queue: QueueId,
        at: Millis,
    ) -> Result<QueueOffset, CallError> {
        let request = SearchOffsetRequest {
            topic: topic.to_owned(),
            queue_id: number(queue),
            timestamp: at.0,
            boundary_type: None,
        };
        let command = RemotingCommand::request(RequestCode::SEARCH_OFFSET_BY_TIMESTAMP, &request);
        self.offset(command).await
    }

    /// Tells the broker that a client lives, and what it produces and consumes.
    pub async fn heartbeat(&self, data: &HeartbeatData) -> Result<(), CallError> {
        let command =
            RemotingCommand::bare_request(RequestCode::HEART_BEAT).with_body(body::encode(data));
        self.done(command, self.timeout).await
    }

    /// Says goodbye on behalf of a client's groups.
    pub async fn unregister_client(
        &self,
        request: &UnregisterClientRequest,
    ) -> Result<(), CallError> {
        let command = RemotingCommand::request(RequestCode::UNREGISTER_CLIENT, request);
        self.done(command, self.timeout).await
    }

    /// Client ids of the group's members that this broker knows; empty if it knows none.
    pub async fn consumer_ids(&self, group: &str) -> Result<Vec<String>, CallError> {
        let request = GetConsumerListByGroupRequest {
            consumer_group: group.to_owned(),
        };
        let command = RemotingCommand::request(RequestCode::GET_CONSUMER_LIST_BY_GROUP, &request);
        let answer = self.call(command, self.timeout).await?;
        if answer.code() == ResponseCode::SYSTEM_ERROR {
            return Ok(Vec::new());
        }
        let list: ConsumerList = answer.ok()?.json()?;
        Ok(list.consumer_id_list)
    }

    /// Gives a message back, so that it comes again later or goes to the dead-letter queue.
    pub async fn send_back(
        &self,
        request: &ConsumerSendMsgBackRequest,
        timeout: Duration,
    ) -> Result<(), CallError> {
        let command = RemotingCommand::request(RequestCode::CONSUMER_SEND_MSG_BACK, request);
        self.done(command, timeout).await
    }

    /// Locks queues for one member; the queues that it now holds.
    pub async fn lock(
        &self,
        request: &LockBatchRequestBody,
    ) -> Result<Vec<MessageQueue>, CallError> {
        let command = RemotingCommand::bare_request(RequestCode::LOCK_BATCH_MQ)
            .with_body(body::encode(request));
        let answer = self.call(command, self.timeout).await?.ok()?;
        let locked: LockBatchResponseBody = answer.json()?;
        Ok(locked.lock_ok_mq_set)
    }

    /// Frees queues that this member has locked.
    pub async fn unlock(&self, request: &LockBatchRequestBody) -> Result<(), CallError> {
        let command = RemotingCommand::bare_request(RequestCode::UNLOCK_BATCH_MQ)
            .with_body(body::encode(request));
        self.done(command, self.timeout).await
    }

    async fn offset(&self, command: RemotingCommand) -> Result<QueueOffset, CallError> {
        let answer = self.call(command, self.timeout).await?.ok()?;
        let found: OffsetResponse = answer.header()?;
        Ok(offset(found.offset))
    }

    async fn done(&self, command: RemotingCommand, timeout: Duration) -> Result<(), CallError> {
        self.call(command, timeout).await?.ok().map(drop)
    }

    async fn call(&self, command: RemotingCommand, timeout: Duration) -> Result<Answer, CallError> {
        Answer::of(&self.channels, &self.addr, command, timeout).await
    }
}

fn send_command(request: &SendRequest<'_>, body: Bytes) -> RemotingCommand {
    let code = if request.batch {
        RequestCode::SEND_BATCH_MESSAGE
    } else {
        RequestCode::SEND_MESSAGE_V2
    };
    RemotingCommand::request(code, request).with_body(body)
}

fn number(queue: QueueId) -> i32 {
    i32::try_from(queue.0).unwrap_or(i32::MAX)
}

/// A queue without messages may be answered with -1.
fn offset(wire: i64) -> QueueOffset {
    QueueOffset(u64::try_from(wire).unwrap_or(0))
}
