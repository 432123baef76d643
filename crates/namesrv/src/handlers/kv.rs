//! Key-value settings: 100, 101, 102, 219.

use std::sync::Arc;

use ferromq_wire::body::{self, KvTable};
use ferromq_wire::code::ResponseCode;
use ferromq_wire::header::FieldError;
use ferromq_wire::request::{GetKvListByNamespaceRequest, KvConfigRequest, PutKvConfigRequest};

use super::{Reply, Request};
use crate::answer::Answer;
use crate::kv::SaveError;
use crate::name_server::Core;

pub(super) fn put(core: &Core, request: &Request<'_>) -> Result<Reply, FieldError> {
    let fields: PutKvConfigRequest = request.fields()?;
    let (Some(namespace), Some(key)) = (fields.namespace, fields.key) else {
        return Ok(Answer::error("namespace or key is null").into());
    };
    let value = fields.value.unwrap_or_default();
    let kv = Arc::clone(&core.kv);
    Ok(request.later(core, move || saved(kv.put(namespace, key, value))))
}

pub(super) fn get(core: &Core, request: &Request<'_>) -> Result<Answer, FieldError> {
    let fields: KvConfigRequest = request.fields()?;
    let namespace = fields.namespace.unwrap_or_default();
    let key = fields.key.unwrap_or_default();
    Ok(match core.kv.value(&namespace, &key) {
        Some(value) => Answer::ok().field("value", value),
        None => Answer::refuse(
            ResponseCode::QUERY_NOT_FOUND,
            format!("No config item, Namespace: {namespace} Key: {key}"),
        ),
    })
}

pub(super) fn delete(core: &Core, request: &Request<'_>) -> Result<Reply, FieldError> {
    let fields: KvConfigRequest = request.fields()?;
    let namespace = fields.namespace.unwrap_or_default();
    let key = fields.key.unwrap_or_default();
    let kv = Arc::clone(&core.kv);
    Ok(request.later(core, move || saved(kv.delete(&namespace, &key))))
}

pub(super) fn list(core: &Core, request: &Request<'_>) -> Result<Answer, FieldError> {
    let GetKvListByNamespaceRequest { namespace } = request.fields()?;
    Ok(match core.kv.namespace(&namespace) {
        Some(table) => Answer::body(body::encode(&KvTable { table })),
        None => Answer::refuse(
            ResponseCode::QUERY_NOT_FOUND,
            format!("No config item, Namespace: {namespace}"),
        ),
    })
}

fn saved(result: Result<(), SaveError>) -> Answer {
    match result {
        Ok(()) => Answer::ok(),
        Err(error) => {
            tracing::error!(%error, "key-value setting not saved");
            Answer::error(error)
        }
    }
}
