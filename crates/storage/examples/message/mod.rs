//! The message that the measurements append.

use std::net::SocketAddr;
use std::sync::Arc;

use ferromq_base::Millis;
use ferromq_storage::{IndexKeys, Queue, Turn};
use ferromq_wire::message::RecordDraft;

/// The topic of all messages.
pub(crate) const TOPIC: &str = "TopicTest";

/// Puts a message for a queue of [`TOPIC`] into a turn.
pub(crate) fn push(
    turn: &mut Turn,
    queue: &Arc<Queue>,
    body: &[u8],
    properties: &str,
    keys: IndexKeys<'_>,
) {
    let draft = RecordDraft {
        topic: TOPIC,
        queue_id: queue.id(),
        flag: 0,
        sys_flag: 0,
        born_timestamp: Millis(1_700_000_000_000),
        born_host: SocketAddr::from(([127, 0, 0, 1], 50_000)),
        store_host: SocketAddr::from(([127, 0, 0, 1], 10_911)),
        reconsume_times: 0,
        prepared_transaction_offset: 0,
        body,
        properties: &[properties.as_bytes()],
    };
    turn.push(queue, &draft, keys).unwrap();
}
