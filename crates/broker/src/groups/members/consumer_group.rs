//! The live members of one consumer group.

use std::sync::Arc;

use ferromq_net::ConnId;
use ferromq_wire::body::{ConsumeFromWhere, ConsumeType, MessageModel};
use rustc_hash::FxHashMap;

use super::Client;
use crate::subscription::Subscription;

/// How a group consumes; every heartbeat replaces it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsumeStyle {
    /// How the group gets its messages.
    pub consume_type: ConsumeType,
    /// Who of the group gets a message.
    pub message_model: MessageModel,
    /// Where members start without a committed offset; only shown to operators.
    pub consume_from: ConsumeFromWhere,
    /// Whether members are told when others come and go.
    pub is_notified: bool,
}

/// The live members of a consumer group and what they subscribe to: an immutable snapshot.
#[derive(Clone, Debug)]
pub struct ConsumerGroup {
    name: Arc<str>,
    pub(super) style: ConsumeStyle,
    pub(super) subscriptions: FxHashMap<Arc<str>, Arc<Subscription>>,
    pub(super) clients: Vec<Arc<Client>>,
}

impl ConsumerGroup {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: Arc::from(name),
            style: ConsumeStyle::default(),
            subscriptions: FxHashMap::default(),
            clients: Vec::new(),
        }
    }

    /// Name of the group.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// How the group gets its messages.
    #[must_use]
    pub fn consume_type(&self) -> ConsumeType {
        self.style.consume_type
    }

    /// Who of the group gets a message.
    #[must_use]
    pub fn message_model(&self) -> MessageModel {
        self.style.message_model
    }

    /// Where members start without a committed offset.
    #[must_use]
    pub fn consume_from(&self) -> ConsumeFromWhere {
        self.style.consume_from
    }

    /// What the group wants of a topic.
    #[must_use]
    pub fn subscription(&self, topic: &str) -> Option<&Arc<Subscription>> {
        self.subscriptions.get(topic)
    }

    /// What the group wants of all its topics, in no order.
    pub fn subscriptions(&self) -> impl Iterator<Item = &Arc<Subscription>> {
        self.subscriptions.values()
    }

    /// The members in the order they came.
    #[must_use]
    pub fn clients(&self) -> &[Arc<Client>] {
        &self.clients
    }

    /// Ids of the members in the order they came. A client that came back over a new connection before its old one was
    /// found dead is named once, or the others would leave queues to a member that is not there.
    #[must_use]
    pub fn client_ids(&self) -> Vec<Arc<str>> {
        let mut known = rustc_hash::FxHashSet::default();
        self.clients
            .iter()
            .filter(|client| known.insert(client.id()))
            .map(|client| Arc::clone(client.id()))
            .collect()
    }

    /// The member with a connection.
    #[must_use]
    pub fn client_on(&self, connection: ConnId) -> Option<&Arc<Client>> {
        self.clients
            .iter()
            .find(|client| client.link().id() == connection)
    }

    /// Whether members are told of changes: broadcasting groups do not share queues.
    pub(super) fn wants_notices(&self) -> bool {
        self.style.is_notified && self.style.message_model == MessageModel::Clustering
    }
}
