//! UNREGISTER_CLIENT: a client leaves its groups.

use ferromq_wire::request::UnregisterClientRequest;

use crate::call::{Answer, Call, Outcome};
use crate::groups::Members;

/// Takes the connection out of the named groups; leaving a group one is not in succeeds too.
pub(crate) fn handle(call: &Call<'_>, members: &Members) -> Outcome {
    let request: UnregisterClientRequest = call.parse()?;
    let connection = call.conn.id();
    if let Some(group) = request.producer_group {
        members.stop_producing(connection, &group);
    }
    if let Some(group) = request.consumer_group {
        members.leave(connection, &group);
    }
    Ok(Answer::ok())
}
