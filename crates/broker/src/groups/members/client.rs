//! One client in one group, and the connection it can be reached by.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use ferromq_base::Millis;
use ferromq_net::{ConnHandle, ConnId};
use ferromq_wire::{Language, Version};

/// A client's connection, as far as the table of members needs it.
pub trait Link: fmt::Debug + Send + Sync {
    /// Number of the connection.
    fn id(&self) -> ConnId;
    /// Address of the client.
    fn peer(&self) -> SocketAddr;
    /// Sends one or more whole frames; never blocks.
    fn post(&self, frames: Vec<u8>);
    /// Closes the connection.
    fn close(&self);
}

impl Link for ConnHandle {
    fn id(&self) -> ConnId {
        self.id()
    }

    fn peer(&self) -> SocketAddr {
        self.peer()
    }

    fn post(&self, frames: Vec<u8>) {
        self.post(frames);
    }

    fn close(&self) {
        self.close();
    }
}

/// Who sends a heartbeat, and over which connection.
#[derive(Clone, Debug)]
pub struct Sender {
    /// The client id.
    pub id: Arc<str>,
    /// The connection the heartbeat came over.
    pub link: Arc<dyn Link>,
    /// Language of the request header.
    pub language: Language,
    /// Version of the request header.
    pub version: Version,
}

/// A live client in one group.
#[derive(Debug)]
pub struct Client {
    sender: Sender,
    last_seen: AtomicI64,
    /// Fingerprint of the last full heartbeat of the newer form; 0 if there was none.
    fingerprint: i32,
}

impl Client {
    pub(super) fn new(sender: &Sender, fingerprint: i32, now: Millis) -> Self {
        Self {
            sender: sender.clone(),
            last_seen: AtomicI64::new(now.0),
            fingerprint,
        }
    }

    /// The client id.
    #[must_use]
    pub fn id(&self) -> &Arc<str> {
        &self.sender.id
    }

    /// The connection it can be reached by.
    #[must_use]
    pub fn link(&self) -> &Arc<dyn Link> {
        &self.sender.link
    }

    /// Language of its requests.
    #[must_use]
    pub fn language(&self) -> Language {
        self.sender.language
    }

    /// Release of its requests.
    #[must_use]
    pub fn version(&self) -> Version {
        self.sender.version
    }

    /// When its last heartbeat came.
    #[must_use]
    pub fn last_seen(&self) -> Millis {
        Millis(self.last_seen.load(Ordering::Relaxed))
    }

    pub(super) fn seen(&self, now: Millis) {
        self.last_seen.store(now.0, Ordering::Relaxed);
    }

    pub(super) fn fingerprint(&self) -> i32 {
        self.fingerprint
    }

    pub(super) fn is_from(&self, sender: &Sender) -> bool {
        self.link().id() == sender.link.id() && self.sender.id == sender.id
    }
}
