//! Which topics changed since a follower last looked.

use std::collections::BTreeSet;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::Notify;

/// Names of changed topics, kept for one follower until it takes them.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    names: Mutex<BTreeSet<Arc<str>>>,
    bell: Notify,
}

impl Changes {
    /// Waits for a change and takes the names of all changed topics. Losing the future loses no change.
    pub(crate) async fn take(&self) -> BTreeSet<Arc<str>> {
        loop {
            let names = std::mem::take(&mut *self.names.lock());
            if !names.is_empty() {
                return names;
            }
            self.bell.notified().await;
        }
    }

    /// Forgets all changes: they are about to be told in another way.
    pub(crate) fn clear(&self) {
        self.names.lock().clear();
    }

    fn note(&self, topic: &Arc<str>) {
        self.names.lock().insert(Arc::clone(topic));
        self.bell.notify_one();
    }
}

/// Those who follow the changes of topics.
#[derive(Debug, Default)]
pub(super) struct Followers(Mutex<Vec<Weak<Changes>>>);

impl Followers {
    /// The changes from now on, for as long as they are kept.
    pub(super) fn follow(&self) -> Arc<Changes> {
        let changes = Arc::default();
        self.0.lock().push(Arc::downgrade(&changes));
        changes
    }

    /// Tells all followers that a topic was created, changed or removed.
    pub(super) fn tell(&self, topic: &Arc<str>) {
        self.0.lock().retain(|follower| {
            let follower = follower.upgrade();
            follower.is_some_and(|changes| {
                changes.note(topic);
                true
            })
        });
    }
}
