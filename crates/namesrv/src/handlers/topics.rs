//! Topics: lists, removal, addition, permission to write.

use ferromq_wire::body::{self, QueueData, TopicList, TopicRouteData};
use ferromq_wire::code::RequestCode;
use ferromq_wire::header::FieldError;
use ferromq_wire::request::{
    DeleteTopicInNamesrvRequest, GetTopicsByClusterRequest, RegisterTopicRequest, WritePermRequest,
};

use super::Request;
use crate::answer::Answer;
use crate::name_server::Core;
use crate::table::{Queues, TopicFilter};

/// 206, 224, 304, 311, 312, 313.
pub(super) fn list(core: &Core, request: &Request<'_>) -> Result<Answer, FieldError> {
    let code = RequestCode(request.header.code);
    if !is_enabled(core, code) {
        return Ok(Answer::error("disable"));
    }
    let cluster;
    let filter = match code {
        RequestCode::GET_SYSTEM_TOPIC_LIST_FROM_NS => return Ok(system(core, request)),
        RequestCode::GET_TOPICS_BY_CLUSTER => {
            let fields: GetTopicsByClusterRequest = request.fields()?;
            cluster = fields.cluster;
            TopicFilter::Cluster(&cluster)
        }
        RequestCode::GET_UNIT_TOPIC_LIST => TopicFilter::Unit,
        RequestCode::GET_HAS_UNIT_SUB_TOPIC_LIST => TopicFilter::UnitSub,
        RequestCode::GET_HAS_UNIT_SUB_UNUNIT_TOPIC_LIST => TopicFilter::UnitSubOnly,
        _ => TopicFilter::All,
    };
    let topics = core.read(|table| table.topics(filter));
    Ok(Answer::body(topic_list(topics, None)))
}

fn is_enabled(core: &Core, code: RequestCode) -> bool {
    let settings = core.settings.read();
    match code {
        RequestCode::GET_ALL_TOPIC_LIST_FROM_NAMESERVER => {
            settings.groups.namesrv.enable_all_topic_list
        }
        _ => settings.groups.namesrv.enable_topic_list,
    }
}

fn system(core: &Core, request: &Request<'_>) -> Answer {
    let (topics, addr) = core.read(|table| table.system_topics(request.ends));
    Answer::body(topic_list(topics, addr))
}

/// 205.
pub(super) fn wipe_write(core: &Core, request: &Request<'_>) -> Result<Answer, FieldError> {
    let fields: WritePermRequest = request.fields()?;
    let count = core.write(|table| table.wipe_write(&fields.broker_name));
    tracing::info!(broker = %fields.broker_name, topics = count, "write permission taken");
    Ok(Answer::ok().field("wipeTopicCount", count))
}

/// 327.
pub(super) fn add_write(core: &Core, request: &Request<'_>) -> Result<Answer, FieldError> {
    let fields: WritePermRequest = request.fields()?;
    let count = core.write(|table| table.add_write(&fields.broker_name));
    tracing::info!(broker = %fields.broker_name, topics = count, "write permission given");
    Ok(Answer::ok().field("addTopicCount", count))
}

/// 216.
pub(super) fn delete(core: &Core, request: &Request<'_>) -> Result<Answer, FieldError> {
    let fields: DeleteTopicInNamesrvRequest = request.fields()?;
    let cluster = fields
        .cluster_name
        .as_deref()
        .filter(|cluster| !cluster.is_empty());
    core.write(|table| table.delete_topic(&fields.topic, cluster));
    tracing::info!(topic = %fields.topic, ?cluster, "topic removed from routes");
    Ok(Answer::ok())
}

/// 217.
pub(super) fn add(core: &Core, request: &Request<'_>) -> Result<Answer, FieldError> {
    let fields: RegisterTopicRequest = request.fields()?;
    Ok(match body::decode::<TopicRouteData>(request.body) {
        Ok(route) => {
            let queues = route.queue_datas.into_iter().map(queues).collect();
            core.write(|table| table.add_topic(&fields.topic, queues));
            Answer::ok()
        }
        Err(error) => Answer::error(error),
    })
}

fn queues(data: QueueData) -> (String, Queues) {
    let queues = Queues {
        read: data.read_queue_nums,
        write: data.write_queue_nums,
        perm: data.perm,
        sys_flag: data.topic_sys_flag,
    };
    (data.broker_name, queues)
}

fn topic_list(topic_list: Vec<String>, broker_addr: Option<String>) -> Vec<u8> {
    body::encode(&TopicList {
        broker_addr,
        topic_list,
    })
}
