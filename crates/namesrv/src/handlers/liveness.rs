//! Signs of life between registrations: 322, 904.

use ferromq_wire::body::{self, DataVersion};
use ferromq_wire::header::FieldError;
use ferromq_wire::request::{BrokerHeartbeatRequest, QueryDataVersionRequest};

use super::Request;
use crate::answer::Answer;
use crate::name_server::Core;

pub(super) fn heartbeat(core: &Core, request: &Request<'_>) -> Result<Answer, FieldError> {
    let fields: BrokerHeartbeatRequest = request.fields()?;
    core.write(|table| table.heartbeat(&fields.cluster_name, &fields.broker_addr, request.now));
    Ok(Answer::ok())
}

pub(super) fn query_data_version(core: &Core, request: &Request<'_>) -> Result<Answer, FieldError> {
    let fields: QueryDataVersionRequest = request.fields()?;
    let version: DataVersion = match body::decode(request.body) {
        Ok(version) => version,
        Err(error) => return Ok(Answer::error(error)),
    };
    let (cluster, addr) = (&fields.cluster_name, &fields.broker_addr);
    let (changed, known) =
        core.write(|table| table.compare_version(cluster, addr, version, request.now));
    let answer = Answer::ok().field("changed", changed);
    Ok(match known {
        Some(known) => answer.with_body(body::encode(&known)),
        None => answer,
    })
}
