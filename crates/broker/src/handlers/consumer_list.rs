//! GET_CONSUMER_LIST_BY_GROUP: the members of a consumer group, by which each finds its share of the queues.

use ferromq_wire::body::{self, ConsumerList};
use ferromq_wire::request::GetConsumerListByGroupRequest;

use crate::call::{Answer, Call, Outcome};
use crate::error::Refusal;
use crate::groups::Members;

/// Answers the client ids; the same to all members.
pub(crate) fn handle(call: &Call<'_>, members: &Members) -> Outcome {
    let request: GetConsumerListByGroupRequest = call.parse()?;
    let group = &request.consumer_group;
    let Some(members) = members.consumer_group(group) else {
        return Err(Refusal::unusable(format!(
            "no consumer for this group, {group}"
        )));
    };
    let ids = members.client_ids();
    let list = ConsumerList {
        consumer_id_list: ids.iter().map(ToString::to_string).collect(),
    };
    Ok(Answer::ok().body(body::encode(&list)))
}
