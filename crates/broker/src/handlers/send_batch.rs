//! SEND_BATCH_MESSAGE: several messages of one topic in one request. Each becomes a record of its own.
//!
//! The field `batch` of a send selects this way, not the request code.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use ferromq_base::Millis;
use ferromq_storage::Queue;
use ferromq_wire::code::ResponseCode;
use ferromq_wire::message::batch::{self, BatchItem};
use ferromq_wire::message::{Properties, RecordDraft, properties as key, sysflag, topic};
use ferromq_wire::request::SendRequest;

use super::send::{check_size, pending};
use crate::call::Call;
use crate::error::Refusal;
use crate::host::plain;
use crate::sending::{Receipt, Stamp, Targets, Traits, Turns};

/// What takes batches on one thread.
pub(crate) struct SendBatch {
    /// Finds and checks topics and queues.
    pub targets: Rc<Targets>,
    /// Collects records.
    pub turns: Rc<Turns>,
    /// Memory used again for every batch.
    pub buffers: RefCell<Buffers>,
}

/// Property strings that cannot be stored as they were sent.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    shared: Vec<u8>,
    of_item: Vec<u8>,
}

impl SendBatch {
    /// Takes a batch: all of its messages or none.
    pub(crate) fn handle(
        &self,
        call: &Call<'_>,
        request: &SendRequest<'_>,
        stamp: &Stamp,
        host: SocketAddr,
    ) -> Result<(), Refusal> {
        if call.body.is_empty() {
            return Err(Refusal::unusable("the batch has no body"));
        }
        let target = self.targets.find(request, stamp, call.conn.peer())?;
        check_topic(request)?;
        check_size(call.body, stamp)?;
        let queue = target.topic.queue(target.queue);
        let shared = Shared {
            call,
            request,
            stamp,
            host,
            queue: &queue,
        };
        let first = self.turns.len();
        if let Err(refusal) = self.push_all(&shared) {
            self.turns.truncate(first);
            return Err(refusal);
        }
        let receipt = Receipt::Send {
            host,
            queue_id: target.queue,
            uniq_key: 0..0,
        };
        let records = first..self.turns.len();
        self.turns
            .request_done(pending(call, target.topic.safe_from(), records, receipt));
        Ok(())
    }

    fn push_all(&self, shared: &Shared<'_>) -> Result<(), Refusal> {
        // The request's own properties hold for every message, but those of the message win.
        let request = Properties::new(shared.request.properties.as_bytes());
        let Buffers {
            shared: own,
            of_item,
        } = &mut *self.buffers.borrow_mut();
        let own = Traits::of(request).kept(request, &[key::UNIQ_KEY, key::DELAY], own);
        for (number, item) in batch::items(shared.call.body).enumerate() {
            let item = item.map_err(|error| illegal(error.to_string()))?;
            let traits = Traits::of(item.properties());
            check_item(&traits, number)?;
            let parts = [
                own,
                traits.kept(item.properties(), &[], of_item),
                shared.stamp.properties(),
            ];
            let draft = shared.draft(&item, &parts);
            let pushed = if number == 0 {
                self.turns.push(shared.queue, &draft, traits.index)
            } else {
                self.turns
                    .push_with_previous(shared.queue, &draft, traits.index)
            };
            let limit = shared.stamp.body_bytes_max();
            pushed.map_err(|error| Refusal::not_pushed(limit, &error))?;
        }
        Ok(())
    }
}

/// What the messages of a batch have in common.
struct Shared<'a> {
    call: &'a Call<'a>,
    request: &'a SendRequest<'a>,
    stamp: &'a Stamp,
    host: SocketAddr,
    queue: &'a Arc<Queue>,
}

impl Shared<'_> {
    fn draft<'b>(&'b self, item: &BatchItem<'b>, properties: &'b [&'b [u8]]) -> RecordDraft<'b> {
        RecordDraft {
            topic: self.queue.topic(),
            queue_id: self.queue.id(),
            flag: item.flag,
            sys_flag: self.request.sys_flag,
            born_timestamp: Millis(self.request.born_timestamp),
            born_host: plain(self.call.conn.peer()),
            store_host: self.host,
            reconsume_times: self.request.reconsume_times,
            prepared_transaction_offset: 0,
            body: item.body,
            properties,
        }
    }
}

fn check_topic(request: &SendRequest<'_>) -> Result<(), Refusal> {
    if topic::is_retry(request.topic) {
        let remark = format!(
            "batch request does not support retry group {}",
            request.topic
        );
        return Err(illegal(remark));
    }
    if ferromq_base::limits::TOPIC_CHARS_MAX < request.topic.len() {
        let remark = format!("message topic length too long {}", request.topic.len());
        return Err(illegal(remark));
    }
    let flags = sysflag::TRANSACTION_MASK | sysflag::INNER_BATCH | sysflag::NEED_UNWRAP;
    if request.sys_flag & flags != 0 {
        return Err(illegal(
            "a batch can be neither transactional nor an inner batch".to_owned(),
        ));
    }
    Ok(())
}

/// A message of a batch cannot wait: its reply says where all of them are.
fn check_item(traits: &Traits<'_>, number: usize) -> Result<(), Refusal> {
    let is_delayed = traits
        .delay
        .is_some_and(|level| level.parse::<i32>().is_ok_and(|n| 0 < n));
    if is_delayed || traits.is_timed || traits.is_half {
        let remark = format!(
            "message {number} of the batch is delayed or transactional: send such messages one by one"
        );
        return Err(illegal(remark));
    }
    Ok(())
}

fn illegal(remark: String) -> Refusal {
    Refusal::new(ResponseCode::MESSAGE_ILLEGAL, remark)
}
