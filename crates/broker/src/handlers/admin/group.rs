//! Creating, changing, deleting and listing consumer groups.

use ferromq_wire::body::{self, SubscriptionGroupConfig};
use ferromq_wire::code::ResponseCode;
use ferromq_wire::message::topic::validate_group;
use ferromq_wire::request::{DeleteSubscriptionGroupRequest, GetSubscriptionGroupConfigRequest};

use crate::call::{Answer, Call, Outcome};
use crate::error::Refusal;
use crate::groups::{GROUPS_MAX, GroupConfig, Groups};
use crate::offsets::Offsets;

/// UPDATE_AND_CREATE_SUBSCRIPTIONGROUP: the settings in the body replace the group's. Answered when they are on the disk.
pub(crate) fn put(call: &Call<'_>, groups: &Groups) -> Outcome {
    if call.body.is_empty() {
        return Ok(Answer::ok());
    }
    let wanted: SubscriptionGroupConfig =
        body::decode(call.body).map_err(|error| Refusal::unusable(error.to_string()))?;
    validate_group(&wanted.group_name)
        .map_err(|error| Refusal::new(ResponseCode::INVALID_PARAMETER, error.to_string()))?;
    if let Some(key) = wanted.attributes.keys().next() {
        return Err(Refusal::unusable(format!("unsupported key: {key}")));
    }
    if !groups.put(GroupConfig::from(wanted)) {
        let remark =
            format!("broker holds {GROUPS_MAX} groups already, delete some before creating more");
        return Err(Refusal::unusable(remark));
    }
    save(groups)
}

/// DELETE_SUBSCRIPTIONGROUP: forgets the settings, and with `cleanOffset` what the group committed. A group that does not
/// exist is deleted already. Its retry and dead-letter topics stay.
pub(crate) fn delete(call: &Call<'_>, groups: &Groups, offsets: &Offsets) -> Outcome {
    let request: DeleteSubscriptionGroupRequest = call.parse()?;
    groups.remove(&request.group_name);
    if request.clean_offset {
        offsets.remove_group(&request.group_name);
    }
    save(groups)
}

/// GET_ALL_SUBSCRIPTIONGROUP_CONFIG: all groups at once, however the request asks for pages: callers take that for the
/// last page.
pub(crate) fn list(groups: &Groups) -> Outcome {
    Ok(Answer::ok().body(body::encode(&groups.table())))
}

/// GET_SUBSCRIPTIONGROUP_CONFIG: one group; created if groups may be created on use.
pub(crate) fn get(call: &Call<'_>, groups: &Groups) -> Outcome {
    let request: GetSubscriptionGroupConfigRequest = call.parse()?;
    let Some(group) = groups.find_or_create(&request.group) else {
        let remark = "No group in this broker";
        return Err(Refusal::new(
            ResponseCode::SUBSCRIPTION_GROUP_NOT_EXIST,
            remark,
        ));
    };
    Ok(Answer::ok().body(body::encode(&group.to_body())))
}

fn save(groups: &Groups) -> Outcome {
    match groups.save() {
        Ok(()) => Ok(Answer::ok()),
        Err(error) => Err(Refusal::unusable(format!(
            "changed, but not saved yet: {error}"
        ))),
    }
}
