//! UPDATE_CONSUMER_OFFSET: how far a group has got in a queue. Clients send it often, and mostly one-way, so the names
//! are read from the frame as they are.

use ferromq_base::{QueueId, QueueOffset};
use ferromq_wire::code::ResponseCode;
use ferromq_wire::header::{FieldError, FieldValue, FieldView, Scratch};

use crate::call::{Answer, Call, Outcome};
use crate::error::Refusal;
use crate::groups::Groups;
use crate::offsets::Offsets;
use crate::topics::Topics;

/// What is committed.
struct Commit<'b> {
    group: &'b str,
    topic: &'b str,
    queue: i32,
    offset: i64,
}

/// Commits an offset, forwards or backwards. Groups and topics are not created by it.
pub(crate) fn handle(
    call: &Call<'_>,
    topics: &Topics,
    groups: &Groups,
    offsets: &Offsets,
) -> Outcome {
    let mut scratch = Scratch::default();
    let commit = Commit::read(call.header.fields.view(&mut scratch)?)?;
    if groups.find(commit.group).is_none() {
        let remark = format!("Group {} not exist!", commit.group);
        return Err(Refusal::new(
            ResponseCode::SUBSCRIPTION_GROUP_NOT_EXIST,
            remark,
        ));
    }
    let Some(topic) = topics.find(commit.topic) else {
        let remark = format!("Topic {} not exist!", commit.topic);
        return Err(Refusal::new(ResponseCode::TOPIC_NOT_EXIST, remark));
    };
    let illegal = |what, value: i64| {
        let remark = format!(
            "{what}[{value}] is illegal, topic {} has {} queues",
            topic.name,
            topic.queues()
        );
        Refusal::new(ResponseCode::INVALID_PARAMETER, remark)
    };
    let queue = u32::try_from(commit.queue)
        .ok()
        .filter(|queue| *queue < topic.queues());
    let queue = queue.ok_or_else(|| illegal("queueId", i64::from(commit.queue)))?;
    let offset =
        u64::try_from(commit.offset).map_err(|_| illegal("commitOffset", commit.offset))?;
    offsets.commit(
        commit.group,
        commit.topic,
        QueueId(queue),
        QueueOffset(offset),
    );
    Ok(Answer::ok())
}

impl<'b> Commit<'b> {
    fn read(view: FieldView<'b>) -> Result<Self, Refusal> {
        Ok(Self {
            group: text(view, "consumerGroup")?,
            topic: text(view, "topic")?,
            queue: i32::read("queueId", needed(view, "queueId")?)?,
            offset: i64::read("commitOffset", needed(view, "commitOffset")?)?,
        })
    }
}

fn needed<'b>(view: FieldView<'b>, name: &'static str) -> Result<&'b [u8], FieldError> {
    view.get(name).ok_or(FieldError::Missing(name))
}

fn text<'b>(view: FieldView<'b>, name: &'static str) -> Result<&'b str, Refusal> {
    let bytes = needed(view, name)?;
    std::str::from_utf8(bytes)
        .map_err(|_| Refusal::unusable(format!("the request field {name} is not utf-8")))
}
