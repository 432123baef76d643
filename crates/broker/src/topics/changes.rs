//! Which topics changed since the name servers were told.

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

/// Names of changed topics, kept until they are taken.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    names: Mutex<BTreeSet<Arc<str>>>,
    bell: Notify,
}

impl Changes {
    /// Remembers that a topic was created, changed or removed.
    pub(super) fn note(&self, topic: &Arc<str>) {
        self.names.lock().insert(Arc::clone(topic));
        self.bell.notify_one();
    }

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
}
