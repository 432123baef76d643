//! What the log has for the entries of a region.

use std::collections::BTreeMap;

use ferromq_wire::message::{RecordRef, sysflag};

use super::region::Region;
use crate::queue::Entry;
use crate::turn::Rules;

/// After so many messages of the queue behind the region, none of it is expected any more.
const BEHIND_MAX: usize = 16;

/// Entries made from the log. Several records may name the same offset: the number may be damaged, or from the time of a deleted
/// topic of the same name.
#[derive(Debug, Default)]
pub(super) struct Finds {
    by_offset: BTreeMap<u64, Vec<Entry>>,
    behind: usize,
}

impl Finds {
    /// Takes a record of the log if it belongs to the region.
    pub(super) fn look_at(
        &mut self,
        region: &Region,
        rules: &Rules,
        record: &RecordRef<'_>,
        at: u64,
    ) {
        let (queue, offset) = (&region.queue, record.queue_offset().0);
        let is_of_queue = (record.topic(), record.queue_id()) == (queue.topic(), queue.id());
        if !is_of_queue || sysflag::is_outside_queue(record.sys_flag()) {
            return;
        }
        if offset == 0 && !region.is_anchored {
            // What came before was of a topic that was deleted.
            self.by_offset.clear();
        }
        if region.offsets.contains(&offset) {
            let entry = rules.entry(queue, record, at);
            self.by_offset.entry(offset).or_default().push(entry);
        }
        self.behind += usize::from(region.is_anchored && region.offsets.end <= offset);
    }

    /// Whether more records of the region may follow.
    pub(super) fn expects_more(&self) -> bool {
        self.behind < BEHIND_MAX
    }

    /// The entry at `offset` of those that end at or before `end` in the log: the one that is in the file already, if the log
    /// confirms it, else the newest.
    pub(super) fn choose(&self, offset: u64, end: u64, present: Entry) -> Option<Entry> {
        let found = self.by_offset.get(&offset)?;
        let before = || found.iter().filter(|e| e.end() <= end);
        let same = before().find(|e| e.log_offset == present.log_offset);
        same.or(before().next_back()).copied()
    }
}
