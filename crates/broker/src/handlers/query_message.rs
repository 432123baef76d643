//! QUERY_MESSAGE: messages by key or by unique key.

use ferromq_base::Millis;
use ferromq_base::limits::FRAME_BYTES_MAX;
use ferromq_storage::Store;
use ferromq_wire::code::ResponseCode;
use ferromq_wire::message::{RecordRef, properties as key};
use ferromq_wire::request::QueryMessageRequest;

use crate::call::{Answer, Outcome};
use crate::error::Refusal;

/// Most messages of one answer.
const COUNT_MAX: usize = 64;
/// Messages of a query by unique key.
const COUNT_BY_UNIQUE_KEY: usize = 32;
/// Room left in a frame for the header.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// Answers stored records. The index knows only hashes of keys: records with another key are sorted out here.
/// Waits for the disk.
pub(crate) fn handle(request: &QueryMessageRequest, store: &Store) -> Outcome {
    let wanted = match usize::try_from(request.max_num) {
        _ if request.unique_key_query => COUNT_BY_UNIQUE_KEY,
        Ok(count) => count.min(COUNT_MAX),
        Err(_) => 0,
    };
    let found = store.query_keys(
        &request.topic,
        &request.key,
        wanted,
        Millis(request.begin_timestamp),
        Millis(request.end_timestamp),
    )?;
    let mut body = Vec::new();
    let mut last = (0, 0);
    for at in found {
        let start = body.len();
        if store.record_at(at, &mut body).is_err() {
            body.truncate(start);
            continue;
        }
        let is_wanted = RecordRef::parse(&body[start..]).is_ok_and(|record| {
            last = (record.store_timestamp().0, at.0);
            has_key(&record, request)
        });
        if !is_wanted || FRAME_BYTES_MAX - HEAD_BYTES_MAX < body.len() {
            body.truncate(start);
        }
    }
    if body.is_empty() {
        let remark = "can not find message, maybe time range not correct";
        return Err(Refusal::new(ResponseCode::QUERY_NOT_FOUND, remark));
    }
    Ok(Answer::ok()
        .field("indexLastUpdateTimestamp", last.0)
        .field("indexLastUpdatePhyoffset", last.1)
        .body(body))
}

fn has_key(record: &RecordRef<'_>, request: &QueryMessageRequest) -> bool {
    let properties = record.properties();
    let is_unique = properties.get(key::UNIQ_KEY) == Some(&request.key);
    let keys = properties.get(key::KEYS).unwrap_or_default();
    is_unique || keys.split(' ').any(|key| key == request.key)
}
