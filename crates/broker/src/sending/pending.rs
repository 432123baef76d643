//! A request that waits for its turn to be stored, and the reply it will get.

use std::net::SocketAddr;
use std::ops::Range;
use std::rc::Rc;

use ferromq_base::{LogOffset, QueueId};
use ferromq_net::Connection;
use ferromq_storage::Turn;
use ferromq_wire::code::ResponseCode;
use ferromq_wire::response::{self, SendResponse, Stored};

use super::Stamp;
use crate::error::Refusal;

/// A request whose records are in a turn.
#[derive(Debug)]
pub(crate) struct Pending {
    /// Where the reply goes.
    pub conn: Rc<Connection>,
    /// Number of the request on its connection.
    pub opaque: i32,
    /// The generation of the topic table that must be saved before it may be answered with success.
    pub topic_from: u64,
    /// Places of its records in the turn.
    pub records: Range<usize>,
    /// What the requester is told.
    pub receipt: Receipt,
}

/// What a requester is told about its stored records.
#[derive(Debug)]
pub(crate) enum Receipt {
    /// Ids and places, as after a send.
    Send {
        /// The store host of the records: the first half of their ids.
        host: SocketAddr,
        /// The queue the producer asked for, or the one picked for it; a delayed message lies in another.
        queue_id: QueueId,
        /// Where the unique key lies in the text of the turn; empty if there is none.
        uniq_key: Range<usize>,
    },
    /// Whether it is done. The requester must not believe so before the disk does.
    Done,
}

/// Buffers and texts for the replies of one turn.
pub(super) struct Rendering<'a> {
    pub(super) turn: &'a Turn,
    pub(super) text: &'a [u8],
    pub(super) stamp: &'a Stamp,
    pub(super) offsets: &'a mut Vec<LogOffset>,
}

impl Pending {
    /// Writes the answer to a request whose records are stored. `code` is SUCCESS, or says that they are not safe yet.
    pub(super) fn reply(&self, code: ResponseCode, with: &mut Rendering<'_>, out: &mut Vec<u8>) {
        match &self.receipt {
            Receipt::Send {
                host,
                queue_id,
                uniq_key,
            } => {
                let places = self.records.clone().map(|i| with.turn.placed(i).log_offset);
                with.offsets.clear();
                with.offsets.extend(places);
                let key = with.text.get(uniq_key.clone()).unwrap_or_default();
                let key = std::str::from_utf8(key).unwrap_or_default();
                let stored = Stored {
                    host: *host,
                    offsets: with.offsets,
                    queue_id: *queue_id,
                    queue_offset: with.turn.placed(self.records.start).queue_offset.0,
                };
                let key = Some(key).filter(|key| !key.is_empty());
                let reply = send_response(self.opaque, code, with.stamp);
                let reply = SendResponse {
                    stored: Some(stored),
                    transaction_id: key,
                    ..reply
                };
                reply.write(out);
            }
            Receipt::Done if code == ResponseCode::SUCCESS => {
                response::write_status(out, self.opaque, code, None);
            }
            Receipt::Done => {
                let code = ResponseCode::SYSTEM_ERROR;
                let remark = Some("FLUSH_DISK_TIMEOUT");
                response::write_status(out, self.opaque, code, remark);
            }
        }
    }

    /// Answers a request whose records were not stored, or cannot be relied on.
    pub(super) fn refuse(&self, stamp: &Stamp, refusal: &Refusal) {
        match self.receipt {
            Receipt::Send { .. } => refuse_send(&self.conn, self.opaque, stamp, refusal),
            Receipt::Done => {
                let (code, remark) = (refusal.code, Some(&*refusal.remark));
                response::write_status(&mut self.conn.out(), self.opaque, code, remark);
            }
        }
    }
}

/// Answers a refused send. Clients read region and tracing from every answer.
pub(crate) fn refuse_send(conn: &Rc<Connection>, opaque: i32, stamp: &Stamp, refusal: &Refusal) {
    let reply = SendResponse {
        remark: Some(&refusal.remark),
        ..send_response(opaque, refusal.code, stamp)
    };
    reply.write(&mut conn.out());
}

fn send_response(opaque: i32, code: ResponseCode, stamp: &Stamp) -> SendResponse<'_> {
    SendResponse {
        opaque,
        code,
        remark: None,
        stored: None,
        transaction_id: None,
        batch_uniq_id: None,
        recall_handle: None,
        region: &stamp.config().region_id,
        trace_on: stamp.config().trace_on,
    }
}
