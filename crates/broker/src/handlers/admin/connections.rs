//! Who is connected.

use std::sync::Arc;

use ferromq_wire::body::{
    self, Connection, ConsumerConnection, ProducerConnection, SubscriptionData,
};
use ferromq_wire::code::ResponseCode;
use ferromq_wire::request::{GetConsumerConnectionListRequest, GetProducerConnectionListRequest};

use crate::call::{Answer, Call, Outcome};
use crate::error::Refusal;
use crate::groups::{Client, Members};
use crate::subscription::Subscription;

/// GET_CONSUMER_CONNECTION_LIST: the members of a consumer group and what they subscribe to.
pub(crate) fn consumers(call: &Call<'_>, members: &Members) -> Outcome {
    let request: GetConsumerConnectionListRequest = call.parse()?;
    let Some(group) = members.consumer_group(&request.consumer_group) else {
        let remark = format!("the consumer group[{}] not online", request.consumer_group);
        return Err(Refusal::new(ResponseCode::CONSUMER_NOT_ONLINE, remark));
    };
    let answer = ConsumerConnection {
        connection_set: connections(group.clients()),
        consume_from_where: group.consume_from(),
        consume_type: group.consume_type(),
        message_model: group.message_model(),
        subscription_table: group
            .subscriptions()
            .map(|subscription| (subscription.topic.to_string(), data(subscription)))
            .collect(),
    };
    Ok(Answer::ok().body(body::encode(&answer)))
}

/// GET_PRODUCER_CONNECTION_LIST: the members of a producer group.
pub(crate) fn producers(call: &Call<'_>, members: &Members) -> Outcome {
    let request: GetProducerConnectionListRequest = call.parse()?;
    let producers = members.producers(&request.producer_group);
    if producers.is_empty() {
        let remark = format!("the producer group[{}] not exist", request.producer_group);
        return Err(Refusal::unusable(remark));
    }
    let answer = ProducerConnection {
        connection_set: connections(&producers),
    };
    Ok(Answer::ok().body(body::encode(&answer)))
}

fn connections(clients: &[Arc<Client>]) -> Vec<Connection> {
    let connection = |client: &Arc<Client>| Connection {
        client_addr: client.link().peer().to_string(),
        client_id: client.id().to_string(),
        language: client.language().name().to_owned(),
        version: client.version().0,
    };
    clients.iter().map(connection).collect()
}

fn data(subscription: &Subscription) -> SubscriptionData {
    SubscriptionData {
        class_filter_mode: subscription.class_filter,
        code_set: subscription.codes().to_vec(),
        expression_type: subscription.expression_type.to_string(),
        sub_string: subscription.expression.to_string(),
        sub_version: subscription.version,
        tags_set: subscription.tags.iter().map(ToString::to_string).collect(),
        topic: subscription.topic.to_string(),
    }
}
