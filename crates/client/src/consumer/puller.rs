//! Asking a broker for the next messages of one queue.

use std::sync::Arc;
use std::time::Duration;

use ferromq_base::QueueOffset;
use ferromq_rpc::CallError;
use ferromq_rpc::broker::{PullAnswer, PullStatus};
use ferromq_wire::code::{RequestCode, ResponseCode};
use ferromq_wire::request::{PullRequest, pull_flag};

use super::TagFilter;
use super::member::{GroupMember, Subscription, call_error};
use crate::error::ConsumeError;
use crate::instance::Which;
use crate::instance::route::MASTER;
use crate::queue::MessageQueue;
use crate::view::MessageView;

/// How a consumer pulls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PullSettings {
    /// Most messages in one answer.
    pub(crate) batch: u32,
    /// How long the broker may hold a pull when there is nothing.
    pub(crate) suspend: Duration,
    /// How long an answer may take; longer than `suspend`.
    pub(crate) timeout: Duration,
    /// Lite pull: the subscription travels with every pull, and offsets are not committed by pulling.
    pub(crate) lite: bool,
}

/// Most bytes asked for in one answer. Brokers have their own limit.
const BATCH_BYTES: i32 = 256 * 1024;

/// Whether the broker does not know the consumer (it was restarted, or the connection was new): a heartbeat cures that.
fn forgotten(cause: &CallError) -> bool {
    [
        ResponseCode::SUBSCRIPTION_NOT_EXIST,
        ResponseCode::SUBSCRIPTION_NOT_LATEST,
        ResponseCode::SUBSCRIPTION_GROUP_NOT_EXIST,
    ]
    .into_iter()
    .any(|code| cause.is(code))
}

/// What a pull brought.
#[derive(Debug)]
pub(crate) enum Pulled {
    /// Messages that the consumer wants (perhaps none), and where to go on.
    Messages(Vec<MessageView>, QueueOffset),
    /// The offset is not in the queue; this one is.
    Moved(QueueOffset),
}

/// Pulls from one queue; remembers which broker to ask.
pub(crate) struct Puller {
    member: Arc<GroupMember>,
    queue: MessageQueue,
    settings: PullSettings,
    suggested: u64,
}

impl Puller {
    pub(crate) fn new(
        member: Arc<GroupMember>,
        queue: MessageQueue,
        settings: PullSettings,
    ) -> Self {
        Self {
            member,
            queue,
            settings,
            suggested: MASTER,
        }
    }

    /// Asks for messages from offset `from`; waits at the broker if there are none. `commit` is stored with it.
    pub(crate) async fn pull(
        &mut self,
        from: QueueOffset,
        commit: Option<QueueOffset>,
    ) -> Result<Pulled, ConsumeError> {
        let instance = &self.member.instance;
        let found = instance.broker(&self.queue.broker, Which::Id(self.suggested));
        let Some((id, broker)) = found else {
            instance.suspect_routes();
            return Err(ConsumeError::NoBroker {
                queue: self.queue.clone(),
            });
        };
        let subscription = self.member.subscription(&self.queue.topic);
        // Only a master stores offsets.
        let commit = commit.filter(|_| id == MASTER);
        let request = self.request(from, commit, &subscription);
        let code = if self.settings.lite {
            RequestCode::LITE_PULL_MESSAGE
        } else {
            RequestCode::PULL_MESSAGE
        };
        match broker.pull(code, &request, self.settings.timeout).await {
            Ok(answer) => {
                self.suggested = answer.suggested_broker;
                Ok(self.understand(&answer, &subscription.filter))
            }
            Err(cause) => {
                self.suggested = MASTER;
                if forgotten(&cause) {
                    instance.hurry();
                } else if cause.is_transport() {
                    instance.suspect_routes();
                }
                Err(call_error(&self.queue, cause))
            }
        }
    }

    fn request<'a>(
        &'a self,
        from: QueueOffset,
        commit: Option<QueueOffset>,
        subscription: &'a Subscription,
    ) -> PullRequest<'a> {
        let mut sys_flag = pull_flag::SUSPEND;
        if commit.is_some() {
            sys_flag |= pull_flag::COMMIT_OFFSET;
        }
        if self.settings.lite {
            sys_flag |= pull_flag::SUBSCRIPTION | pull_flag::LITE_PULL;
        }
        PullRequest {
            consumer_group: &self.member.settings.group,
            topic: &self.queue.topic,
            queue_id: i32::try_from(self.queue.id.0).unwrap_or(i32::MAX),
            queue_offset: from.to_wire(),
            max_msg_nums: i32::try_from(self.settings.batch).unwrap_or(i32::MAX),
            sys_flag,
            commit_offset: commit.map_or(0, QueueOffset::to_wire),
            suspend_timeout_millis: i64::try_from(self.settings.suspend.as_millis())
                .unwrap_or(i64::MAX),
            subscription: self.settings.lite.then(|| subscription.filter.expression()),
            sub_version: subscription.version,
            expression_type: Some("TAG"),
            max_msg_bytes: Some(BATCH_BYTES),
            request_source: -1,
            proxy_forward_client_id: None,
            broker_name: Some(&self.queue.broker),
        }
    }

    fn understand(&self, answer: &PullAnswer, filter: &TagFilter) -> Pulled {
        match answer.status {
            PullStatus::OffsetMoved => Pulled::Moved(answer.next),
            PullStatus::NotFound | PullStatus::NoMatch => Pulled::Messages(Vec::new(), answer.next),
            PullStatus::Found => {
                let decoded = MessageView::decode(&self.queue, &answer.body);
                let whole = decoded.into_iter().filter_map(|message| match message {
                    Ok(message) => Some(message),
                    Err((offset, error)) => {
                        let queue = &self.queue;
                        tracing::error!(%queue, %offset, %error, "message cannot be read, skipped");
                        None
                    }
                });
                let wanted = whole.filter(|message| filter.wants(message.tag()));
                Pulled::Messages(wanted.collect(), answer.next)
            }
        }
    }
}
