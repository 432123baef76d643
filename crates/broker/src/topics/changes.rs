//! Which topics changed since a follower last looked.

use std::collections::BTreeSet;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::Notify;

/// Names of changed topics, kept for one follower until it takes them.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    news: Mutex<News>,
    bell: Notify,
}

/// Topics that changed, and how far they bring whoever knows them.
#[derive(Debug, Default)]
pub(crate) struct News {
    /// Names of the topics.
    pub(crate) names: BTreeSet<Arc<str>>,
    /// Generation of the table after the last of the changes.
    pub(crate) generation: u64,
}

impl Changes {
    /// Waits for a change and takes all there are. Losing the future loses no change.
    pub(crate) async fn take(&self) -> News {
        loop {
            let news = std::mem::take(&mut *self.news.lock());
            if !news.names.is_empty() {
                return news;
            }
            self.bell.notified().await;
        }
    }

    /// Forgets all changes: they are about to be told in another way.
    pub(crate) fn clear(&self) {
        *self.news.lock() = News::default();
    }

    fn note(&self, topic: &Arc<str>, generation: u64) {
        let mut news = self.news.lock();
        news.names.insert(Arc::clone(topic));
        news.generation = generation;
        drop(news);
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

    /// Tells all followers that a topic was created, changed or removed. Called in the order of the generations.
    pub(super) fn tell(&self, topic: &Arc<str>, generation: u64) {
        self.0.lock().retain(|follower| {
            let follower = follower.upgrade();
            follower.is_some_and(|changes| {
                changes.note(topic, generation);
                true
            })
        });
    }
}
