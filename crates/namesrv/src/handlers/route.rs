//! What clients ask for: the route of a topic, the clusters, the members of a group of replicas.

use ferromq_wire::body::{
    self, BrokerData, BrokerMemberGroup, BrokerMemberGroupBody, ClusterInfo, QueueData,
    TopicRouteData,
};
use ferromq_wire::code::ResponseCode;
use ferromq_wire::header::FieldError;
use ferromq_wire::request::{GetBrokerMemberGroupRequest, GetRouteInfoRequest};

use super::Request;
use crate::answer::Answer;
use crate::kv::ORDER_TOPIC_CONFIG;
use crate::name_server::Core;
use crate::table::{BrokerView, Queues, Route};

/// Where RocketMQ's remarks send their readers.
const FAQ: &str = "\nSee https://rocketmq.apache.org/docs/bestPractice/06FAQ for further details.";

/// 105.
pub(super) fn route(core: &Core, request: &Request<'_>) -> Result<Answer, FieldError> {
    let fields: GetRouteInfoRequest = request.fields()?;
    let topic = &fields.topic;
    let (stand_in, with_order) = {
        let settings = core.settings.read();
        let own = &settings.groups.namesrv;
        let ready_at = core.started().after(own.wait_for_service);
        if own.need_wait_for_service && request.now < ready_at {
            return Ok(Answer::error("name server not ready"));
        }
        (own.support_acting_master, own.order_message_enable)
    };
    let Some(route) = core.read(|table| table.route(topic, stand_in, request.ends)) else {
        let remark = format!("No topic route info in name server for the topic: {topic}{FAQ}");
        return Ok(Answer::refuse(ResponseCode::TOPIC_NOT_EXIST, remark));
    };
    let order = match with_order {
        true => core.kv.value(ORDER_TOPIC_CONFIG, topic),
        false => None,
    };
    let (version, standard) = (request.header.version, fields.accept_standard_json_only);
    let dialect = TopicRouteData::dialect(version, standard);
    Ok(Answer::body(route_data(route, order).encode(dialect)))
}

/// 106.
pub(super) fn cluster_info(core: &Core, request: &Request<'_>) -> Answer {
    let view = core.read(|table| table.cluster_view(request.ends));
    Answer::body(body::encode(&ClusterInfo {
        broker_addr_table: view
            .brokers
            .into_iter()
            .map(|broker| (broker.name.clone(), broker_data(broker)))
            .collect(),
        cluster_addr_table: view.clusters,
    }))
}

/// 901.
pub(super) fn member_group(core: &Core, request: &Request<'_>) -> Result<Answer, FieldError> {
    let fields: GetBrokerMemberGroupRequest = request.fields()?;
    let addrs = core.read(|table| table.members(&fields.broker_name, request.ends));
    let broker_member_group = BrokerMemberGroup {
        broker_addrs: addrs,
        broker_name: fields.broker_name,
        cluster: fields.cluster_name,
    };
    Ok(Answer::body(body::encode(&BrokerMemberGroupBody {
        broker_member_group,
    })))
}

fn route_data(route: Route, order: Option<String>) -> TopicRouteData {
    TopicRouteData {
        broker_datas: route.brokers.into_iter().map(broker_data).collect(),
        filter_server_table: route.filters,
        order_topic_conf: order,
        queue_datas: route.queues.into_iter().map(queue_data).collect(),
        topic_queue_mapping_by_broker: route.mappings,
    }
}

fn broker_data(view: BrokerView) -> BrokerData {
    BrokerData {
        broker_addrs: view.addrs,
        broker_name: view.name,
        cluster: view.cluster,
        enable_acting_master: view.acting_master,
        zone_name: view.zone,
    }
}

fn queue_data((broker_name, queues): (String, Queues)) -> QueueData {
    QueueData {
        broker_name,
        perm: queues.perm,
        read_queue_nums: queues.read,
        topic_sys_flag: queues.sys_flag,
        write_queue_nums: queues.write,
    }
}
