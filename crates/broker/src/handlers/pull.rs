//! PULL_MESSAGE and LITE_PULL_MESSAGE: messages of one queue, from an offset on.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use ferromq_base::{Millis, QueueId, QueueOffset};
use ferromq_net::ThreadContext;
use ferromq_wire::code::ResponseCode;
use ferromq_wire::request::{PullRequest, pull_flag};
use ferromq_wire::response;

use crate::call::Call;
use crate::delivery::{ColdReads, HeldPulls, Nothing, Pull, PullRead, Read, Subscriptions};
use crate::error::Refusal;
use crate::groups::{ConsumeType, GroupConfig, Groups, Members, MessageModel};
use crate::offsets::Offsets;
use crate::sending::{CachedTopic, Stamp, TopicCache};
use crate::subscription::{ExpressionType, Subscription};
use crate::topics::Permission;

/// Longest time a pull is held, whatever its client wishes.
const HOLD_MAX: Duration = Duration::from_secs(3_600);

/// What takes pulls on one thread.
pub(crate) struct PullMessages {
    /// Knows topics.
    pub cache: Rc<TopicCache>,
    /// Knows groups.
    pub groups: Arc<Groups>,
    /// Knows subscriptions.
    pub members: Arc<Members>,
    /// Keeps what pulls commit.
    pub offsets: Arc<Offsets>,
    /// Reads and answers.
    pub read: Rc<PullRead>,
    /// Keeps pulls that found nothing.
    pub held: Rc<HeldPulls>,
    /// Takes pulls whose messages are on the disk only.
    pub cold: Rc<ColdReads>,
    /// Subscriptions that came with pulls.
    pub subscriptions: Subscriptions,
    /// Tells the time for deadlines.
    pub thread: ThreadContext,
}

/// A pull that is refused: what forbids it is told besides the code.
#[derive(Debug)]
pub(crate) struct PullRefusal {
    refusal: Refusal,
    forbidden: Option<Forbidden>,
}

/// What forbids a pull.
#[derive(Clone, Copy, Debug)]
enum Forbidden {
    Broker = 1,
    Group = 2,
    Topic = 3,
    Broadcast = 4,
}

impl From<Refusal> for PullRefusal {
    fn from(refusal: Refusal) -> Self {
        let forbidden = None;
        Self { refusal, forbidden }
    }
}

impl PullRefusal {
    fn forbidden(by: Forbidden, remark: String) -> Self {
        Self {
            refusal: Refusal::new(ResponseCode::NO_PERMISSION, remark),
            forbidden: Some(by),
        }
    }

    /// Answers the request.
    pub(crate) fn answer(&self, call: &Call<'_>) {
        let number = self.forbidden.map(|by| (by as i32).to_string());
        let fields = number
            .as_ref()
            .map(|number| ("forbiddenType", number.as_str()));
        response::write_response(
            &mut call.conn.out(),
            call.header.opaque,
            self.refusal.code,
            Some(&self.refusal.remark),
            fields.as_slice(),
            &[],
        );
    }
}

impl PullMessages {
    /// Answers a pull, or holds it.
    pub(crate) fn handle(
        &self,
        call: &Call<'_>,
        request: &PullRequest<'_>,
        stamp: &Stamp,
    ) -> Result<(), PullRefusal> {
        let broker = Permission::from_bits(stamp.config().broker_permission);
        if !broker.is_readable() {
            let name = &stamp.config().broker_name;
            let remark = format!("the broker[{name}] pulling message is forbidden");
            return Err(PullRefusal::forbidden(Forbidden::Broker, remark));
        }
        let group = self.group(request)?;
        let (topic, queue) = self.queue(call, request)?;
        let subscription = self.subscription(request, &group)?;
        check_language(&subscription)?;
        self.check_pull_consumer(request, stamp)?;
        self.note(request, queue);
        let mut pull = Pull {
            conn: Rc::clone(call.conn),
            opaque: call.header.opaque,
            queue: topic.queue(queue),
            asked: request.queue_offset,
            scanned: request.queue_offset,
            count: u32::try_from(request.max_msg_nums).unwrap_or(0).max(1),
            subscription,
            deadline: Millis(0),
            topic_sys_flag: i32::try_from(topic.config().sys_flag).unwrap_or(0),
            group_sys_flag: group.group_sys_flag,
        };
        let time = self.hold_time(request, stamp);
        let nothing = match time {
            None => Nothing::Answer,
            Some(_) => Nothing::Hold,
        };
        let read = self.read.answer(&mut pull, nothing);
        if read == Read::Answered {
            return Ok(());
        }
        pull.deadline = self.thread.now().after(time.unwrap_or_default());
        match read {
            Read::Cold => self.cold.pull(pull, nothing),
            _ => self.held.hold(pull),
        }
        Ok(())
    }

    fn group(&self, request: &PullRequest<'_>) -> Result<Arc<GroupConfig>, PullRefusal> {
        let name = request.consumer_group;
        let group = self.groups.find_or_create(name);
        let group = group.ok_or_else(|| Refusal::no_group(name))?;
        if !group.consume_enable {
            let remark = format!("subscription group no permission, {name}");
            return Err(PullRefusal::forbidden(Forbidden::Group, remark));
        }
        Ok(group)
    }

    fn queue(
        &self,
        call: &Call<'_>,
        request: &PullRequest<'_>,
    ) -> Result<(Rc<CachedTopic>, QueueId), PullRefusal> {
        let topic = self.cache.find(request.topic);
        let topic = topic.ok_or_else(|| Refusal::no_topic(request.topic))?;
        let config = topic.config();
        if !config.perm.is_readable() {
            let remark = format!("the topic[{}] pulling message is forbidden", config.name);
            return Err(PullRefusal::forbidden(Forbidden::Topic, remark));
        }
        match u32::try_from(request.queue_id) {
            Ok(queue) if queue < config.read_queues => Ok((topic, QueueId(queue))),
            _ => {
                let remark = format!(
                    "queueId[{}] is illegal, topic:[{}] topicConfig.readQueueNums:[{}] consumer:[{}]",
                    request.queue_id,
                    config.name,
                    config.read_queues,
                    call.conn.peer()
                );
                Err(Refusal::new(ResponseCode::INVALID_PARAMETER, remark).into())
            }
        }
    }

    fn subscription(
        &self,
        request: &PullRequest<'_>,
        group: &GroupConfig,
    ) -> Result<Arc<Subscription>, PullRefusal> {
        if request.has(pull_flag::SUBSCRIPTION) {
            return self.subscriptions.parse(request).map_err(PullRefusal::from);
        }
        let refuse = |code, remark| Err(Refusal::new(code, remark).into());
        let Some(members) = self.members.consumer_group(request.consumer_group) else {
            return refuse(
                ResponseCode::SUBSCRIPTION_NOT_EXIST,
                "the consumer's group info not exist",
            );
        };
        if !group.consume_broadcast_enable && members.message_model() == MessageModel::Broadcasting
        {
            let remark = format!(
                "the consumer group[{}] can not consume by broadcast way",
                group.name
            );
            return Err(PullRefusal::forbidden(Forbidden::Broadcast, remark));
        }
        let Some(subscription) = members.subscription(request.topic) else {
            return refuse(
                ResponseCode::SUBSCRIPTION_NOT_EXIST,
                "the consumer's subscription not exist",
            );
        };
        if subscription.version < request.sub_version {
            return refuse(
                ResponseCode::SUBSCRIPTION_NOT_LATEST,
                "the consumer's subscription not latest",
            );
        }
        Ok(Arc::clone(subscription))
    }

    fn check_pull_consumer(
        &self,
        request: &PullRequest<'_>,
        stamp: &Stamp,
    ) -> Result<(), PullRefusal> {
        if !stamp.config().reject_pull_consumer_enable {
            return Ok(());
        }
        let members = self.members.consumer_group(request.consumer_group);
        if members.is_some_and(|members| members.consume_type() != ConsumeType::Actively) {
            return Ok(());
        }
        let remark =
            "the consumer's group info not exist, or the pull consumer is rejected by server";
        Err(Refusal::new(ResponseCode::SUBSCRIPTION_NOT_EXIST, remark).into())
    }

    /// Remembers how far the group has pulled, and what it commits by the way, whatever this pull finds.
    fn note(&self, request: &PullRequest<'_>, queue: QueueId) {
        let cells = self.offsets.cells(request.consumer_group, request.topic);
        if let Ok(offset) = u64::try_from(request.queue_offset) {
            cells.note_pull(queue, QueueOffset(offset));
        }
        if request.has(pull_flag::COMMIT_OFFSET)
            && let Ok(offset) = u64::try_from(request.commit_offset)
        {
            cells.commit(queue, QueueOffset(offset));
        }
    }

    /// How long the pull may be held if there is nothing for it.
    fn hold_time(&self, request: &PullRequest<'_>, stamp: &Stamp) -> Option<Duration> {
        let config = stamp.config();
        let held_max = config.max_held_pulls as usize / self.thread.threads().max(1);
        if !request.has(pull_flag::SUSPEND) || held_max <= self.held.len() {
            return None;
        }
        if !config.long_polling_enable {
            return Some(config.short_polling_time);
        }
        let millis = u64::try_from(request.suspend_timeout_millis).ok()?;
        Some(Duration::from_millis(millis).min(HOLD_MAX))
    }
}

/// Refuses subscriptions in other languages than tags.
fn check_language(subscription: &Subscription) -> Result<(), Refusal> {
    if subscription.expression_type == ExpressionType::Tag {
        return Ok(());
    }
    let remark = format!(
        "The broker does not support consumer to filter message by {}",
        subscription.expression_type
    );
    Err(Refusal::unusable(remark))
}
