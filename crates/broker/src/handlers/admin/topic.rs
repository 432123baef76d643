//! Creating, changing, deleting and listing topics.

use ferromq_storage::Store;
use ferromq_wire::body::{self, TopicConfigAndMappings, TopicList};
use ferromq_wire::code::ResponseCode;
use ferromq_wire::message::topic::{SYSTEM_TOPICS, TopicNameError, validate_topic};
use ferromq_wire::request::{CreateTopicRequest, DeleteTopicRequest, TopicRequest};

use crate::call::{Answer, Call, Outcome};
use crate::error::Refusal;
use crate::offsets::Offsets;
use crate::topics::{
    AttributeChanges, AttributeError, Permission, TooManyTopics, TopicConfig, TopicFilter, Topics,
};

/// Most queues of a topic: each takes memory and files, so that a slip of the finger must not stop the broker.
const QUEUES_MAX: i32 = 65_535;

/// UPDATE_AND_CREATE_TOPIC: everything but the attributes is replaced by what the request says. Answered when the topic
/// is on the disk.
pub(crate) fn put(call: &Call<'_>, topics: &Topics) -> Outcome {
    let request: CreateTopicRequest = call.parse()?;
    validate_topic(&request.topic)?;
    refuse_system(topics, &request.topic)?;
    let changes = AttributeChanges::parse(request.attributes.as_deref().unwrap_or_default())?;
    if changes.sets("message.type", "MIXED") {
        return Err(invalid("MIXED message type is not supported."));
    }
    let stored = topics.find(&request.topic);
    let attributes = changes.apply(stored.as_deref().map(|topic| &topic.attributes))?;
    let topic = TopicConfig {
        read_queues: queues("readQueueNums", request.read_queue_nums)?,
        write_queues: queues("writeQueueNums", request.write_queue_nums)?,
        filter: TopicFilter::named(request.topic_filter_type.as_deref().unwrap_or_default()),
        sys_flag: u32::try_from(request.topic_sys_flag).unwrap_or(0),
        order: request.order,
        attributes,
        ..TopicConfig::new(&request.topic, 0, permission(request.perm)?)
    };
    if topic.queues() == 0 {
        return Err(invalid(
            "readQueueNums and writeQueueNums must not both be 0",
        ));
    }
    topics.put(topic)?;
    save(topics)
}

/// DELETE_TOPIC_IN_BROKER: forgets the settings, the offsets of all groups and the queues. A topic that does not exist is
/// deleted already.
pub(crate) fn delete(
    call: &Call<'_>,
    topics: &Topics,
    offsets: &Offsets,
    store: &Store,
) -> Outcome {
    let request: DeleteTopicRequest = call.parse()?;
    let topic = &request.topic;
    if topic.trim().is_empty() {
        return Err(TopicNameError::Blank.into());
    }
    refuse_system(topics, topic)?;
    if !topics.remove(topic) {
        return Ok(Answer::ok());
    }
    offsets.remove_topic(topic);
    store.destroy_queues(topic)?;
    save(topics)
}

/// GET_ALL_TOPIC_CONFIG: all topics at once, however the request asks for pages: callers take that for the last page.
pub(crate) fn list(topics: &Topics) -> Outcome {
    let (data_version, all) = topics.all();
    let table = TopicConfigAndMappings {
        data_version,
        topic_config_table: all
            .iter()
            .map(|topic| (topic.name.to_string(), topic.to_body()))
            .collect(),
        ..TopicConfigAndMappings::default()
    };
    Ok(Answer::ok().body(body::encode(&table)))
}

/// GET_TOPIC_CONFIG: one topic.
pub(crate) fn get(call: &Call<'_>, topics: &Topics) -> Outcome {
    let request: TopicRequest = call.parse()?;
    let Some(topic) = topics.find(&request.topic) else {
        let remark = format!("No topic in this broker. topic: {}", request.topic);
        return Err(Refusal::new(ResponseCode::TOPIC_NOT_EXIST, remark));
    };
    Ok(Answer::ok().body(body::encode(&topic.to_body())))
}

/// GET_SYSTEM_TOPIC_LIST_FROM_BROKER: topics of every RocketMQ system and those the broker made for itself.
pub(crate) fn list_system(topics: &Topics) -> Outcome {
    let fixed = SYSTEM_TOPICS.iter().map(|name| (*name).to_owned());
    let own = topics.own().map(ToString::to_string);
    let mut names: Vec<String> = fixed.chain(own).collect();
    names.sort_unstable();
    names.dedup();
    let list = TopicList {
        topic_list: names,
        ..TopicList::default()
    };
    Ok(Answer::ok().body(body::encode(&list)))
}

/// Which topics operators may create or delete.
fn refuse_system(topics: &Topics, topic: &str) -> Result<(), Refusal> {
    if topics.is_system(topic) {
        let remark = format!("The topic[{topic}] is conflict with system topic.");
        return Err(Refusal::new(ResponseCode::INVALID_PARAMETER, remark));
    }
    Ok(())
}

fn queues(name: &'static str, number: i32) -> Result<u32, Refusal> {
    match u32::try_from(number) {
        Ok(queues) if (0..=QUEUES_MAX).contains(&number) => Ok(queues),
        _ => Err(invalid(format!(
            "{name} is {number}, allowed are 0 to {QUEUES_MAX}"
        ))),
    }
}

fn permission(bits: i32) -> Result<Permission, Refusal> {
    match u32::try_from(bits) {
        Ok(bits) if bits < 8 => Ok(Permission::from_bits(bits)),
        _ => Err(invalid(format!(
            "perm is {bits}, allowed are sums of 4 (read), 2 (write) and 1 (inherit)"
        ))),
    }
}

fn invalid(remark: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
    Refusal::new(ResponseCode::INVALID_PARAMETER, remark)
}

fn save(topics: &Topics) -> Outcome {
    match topics.save() {
        Ok(()) => Ok(Answer::ok()),
        Err(error) => Err(Refusal::unusable(format!(
            "changed, but not saved yet: {error}"
        ))),
    }
}

impl From<AttributeError> for Refusal {
    fn from(error: AttributeError) -> Self {
        Self::unusable(error.to_string())
    }
}

impl From<TooManyTopics> for Refusal {
    fn from(error: TooManyTopics) -> Self {
        Self::unusable(error.to_string())
    }
}
