//! When the members of a group are told that something changed: the first change at once, those that follow closely
//! together at the end of a pause. A hundred members that start together cause a few rebalances, not a hundred.

use std::sync::Arc;
use std::time::Duration;

use ferromq_base::Millis;
use ferromq_wire::request::NotifyConsumerIdsChangedRequest;
use ferromq_wire::{RemotingCommand, RequestCode, SerializeType};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

/// Shortest time between two notices to one group. Stock clients rebalance at most once a second.
const PAUSE: Duration = Duration::from_millis(200);

/// Pending and recent notices.
#[derive(Debug, Default)]
pub(super) struct Notices {
    groups: Mutex<FxHashMap<Arc<str>, Notice>>,
}

#[derive(Debug)]
struct Notice {
    sent: Millis,
    is_pending: bool,
}

/// What to do about a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Tell the members now.
    Now,
    /// The task that takes pending notices has to be woken.
    Later,
    /// A notice is pending already.
    Pending,
}

impl Notices {
    /// Notes a change of a group.
    pub(super) fn changed(&self, group: &Arc<str>, now: Millis) -> Due {
        let mut groups = self.groups.lock();
        match groups.get_mut(group) {
            Some(notice) if notice.is_pending => Due::Pending,
            Some(notice) if now.since(notice.sent) < PAUSE => {
                notice.is_pending = true;
                Due::Later
            }
            _ => {
                let notice = Notice {
                    sent: now,
                    is_pending: false,
                };
                groups.insert(Arc::clone(group), notice);
                Due::Now
            }
        }
    }

    /// The groups whose pause is over and which have to be told now. Forgets groups that were quiet since.
    pub(super) fn take_due(&self, now: Millis) -> Vec<Arc<str>> {
        let mut due = Vec::new();
        self.groups.lock().retain(|group, notice| {
            if now.since(notice.sent) < PAUSE {
                return true;
            }
            if notice.is_pending {
                due.push(Arc::clone(group));
                notice.sent = now;
            }
            std::mem::take(&mut notice.is_pending)
        });
        due
    }

    /// When the next pending notice is due.
    pub(super) fn next_due(&self) -> Option<Millis> {
        let groups = self.groups.lock();
        let pending = groups.values().filter(|notice| notice.is_pending);
        pending.map(|notice| notice.sent.after(PAUSE)).min()
    }
}

/// The frame that tells a client that a group of its changed. It is never answered, so that one correlation number
/// will do for all clients.
pub(super) fn frame(group: &str) -> Vec<u8> {
    let header = NotifyConsumerIdsChangedRequest {
        consumer_group: group.to_owned(),
    };
    let mut frame = Vec::new();
    RemotingCommand::request(RequestCode::NOTIFY_CONSUMER_IDS_CHANGED, &header)
        .oneway()
        .encode(SerializeType::Json, &mut frame)
        .expect("group names are short");
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group() -> Arc<str> {
        Arc::from("G")
    }

    #[test]
    fn the_first_change_is_told_at_once_and_a_storm_after_it_once_per_pause() {
        let notices = Notices::default();
        assert_eq!(notices.changed(&group(), Millis(1000)), Due::Now);
        assert_eq!(notices.changed(&group(), Millis(1001)), Due::Later);
        assert_eq!(notices.changed(&group(), Millis(1100)), Due::Pending);
        assert_eq!(notices.next_due(), Some(Millis(1200)));
        assert!(notices.take_due(Millis(1199)).is_empty());
        assert_eq!(notices.take_due(Millis(1200)), [group()]);
        assert_eq!(notices.changed(&group(), Millis(1250)), Due::Later);
        assert_eq!(notices.take_due(Millis(1400)), [group()]);
        assert_eq!(notices.next_due(), None);
        assert_eq!(notices.changed(&group(), Millis(1700)), Due::Now);
    }

    #[test]
    fn quiet_groups_are_forgotten() {
        let notices = Notices::default();
        notices.changed(&group(), Millis(0));
        assert!(notices.take_due(Millis(500)).is_empty());
        assert!(notices.groups.lock().is_empty());
    }
}
