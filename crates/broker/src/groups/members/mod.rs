//! Live clients: who is connected, in which groups, with which subscriptions.
//!
//! Readers get immutable snapshots of a group. A heartbeat that says nothing new only notes the time; everything else
//! puts a new snapshot into the table.

mod client;
mod consumer_group;
mod joining;
mod notices;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ferromq_base::{Clock, Millis};
use ferromq_net::ConnId;
use parking_lot::RwLock;
use rustc_hash::{FxHashMap, FxHashSet};
use tokio::sync::Notify;

use self::notices::{Due, Notices};

pub use client::{Client, Link, Sender};
pub use consumer_group::{ConsumeStyle, ConsumerGroup};
pub use ferromq_wire::body::{ConsumeFromWhere, ConsumeType, MessageModel};
pub use joining::{Joined, Joining, Wants};

/// Live producers and consumers.
#[derive(Debug)]
pub struct Members {
    generation: AtomicU64,
    table: RwLock<Table>,
    notices: Notices,
    /// Rung when a deadline may have come closer.
    bell: Notify,
    life: Duration,
    clock: Arc<dyn Clock>,
}

#[derive(Debug, Default)]
struct Table {
    consumers: FxHashMap<Arc<str>, Arc<ConsumerGroup>>,
    producers: FxHashMap<Arc<str>, Vec<Arc<Client>>>,
    by_connection: FxHashMap<ConnId, Memberships>,
}

/// The groups of one connection.
#[derive(Debug, Default)]
struct Memberships {
    consumers: FxHashSet<Arc<str>>,
    producers: FxHashSet<Arc<str>>,
}

impl Members {
    /// An empty table. Clients that send no heartbeat for longer than `life` are dropped.
    #[must_use]
    pub fn new(life: Duration, clock: Arc<dyn Clock>) -> Self {
        Self {
            generation: AtomicU64::new(0),
            table: RwLock::default(),
            notices: Notices::default(),
            bell: Notify::new(),
            life,
            clock,
        }
    }

    /// Grows with every change of members or subscriptions of any consumer group; a mere sign of life is none.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The live members of a consumer group; `None` if it has none.
    #[must_use]
    pub fn consumer_group(&self, group: &str) -> Option<Arc<ConsumerGroup>> {
        self.table.read().consumers.get(group).cloned()
    }

    /// Names of the consumer groups that have members, sorted.
    #[must_use]
    pub fn consumer_groups(&self) -> Vec<Arc<str>> {
        let mut names: Vec<_> = self.table.read().consumers.keys().cloned().collect();
        names.sort_unstable();
        names
    }

    /// The live members of a producer group in the order they came; empty if it has none.
    #[must_use]
    pub fn producers(&self, group: &str) -> Vec<Arc<Client>> {
        let table = self.table.read();
        table.producers.get(group).cloned().unwrap_or_default()
    }

    /// A live producer of any group by its client id.
    #[must_use]
    pub fn producer(&self, client: &str) -> Option<Arc<Client>> {
        let table = self.table.read();
        let mut all = table.producers.values().flatten();
        all.find(|known| &**known.id() == client).cloned()
    }

    /// A client's heartbeat says that it consumes as a member of a group.
    pub fn join(&self, sender: &Sender, joining: &Joining<'_>) -> Joined {
        let now = self.clock.now();
        if let Some(group) = self.consumer_group(joining.group) {
            let outcome = joining::join(&group, sender, joining, now);
            if outcome.group.is_none() {
                return outcome.joined;
            }
        }
        let mut table = self.table.write();
        let group = table.consumers.get(joining.group).cloned();
        let group = group.unwrap_or_else(|| Arc::new(ConsumerGroup::new(joining.group)));
        let outcome = joining::join(&group, sender, joining, now);
        let name = Arc::clone(group.name());
        if let Some(next) = outcome.group {
            let memberships = table.by_connection.entry(sender.link.id()).or_default();
            memberships.consumers.insert(Arc::clone(&name));
            table.consumers.insert(Arc::clone(&name), Arc::new(next));
            self.generation.fetch_add(1, Ordering::AcqRel);
        }
        drop(table);
        if outcome.joined.is_changed {
            self.bell.notify_one();
            self.changed(&name, now);
        }
        outcome.joined
    }

    /// A client's heartbeat says that it produces as a member of a group.
    pub fn produce(&self, sender: &Sender, group: &str) {
        let now = self.clock.now();
        let seen = |clients: &Vec<Arc<Client>>| {
            let known = clients.iter().find(|client| client.is_from(sender));
            known.is_some_and(|client| {
                client.seen(now);
                true
            })
        };
        if self.table.read().producers.get(group).is_some_and(seen) {
            return;
        }
        let connection = sender.link.id();
        let client = Arc::new(Client::new(sender, 0, now));
        let mut table = self.table.write();
        let (name, clients) = match table.producers.remove_entry(group) {
            Some((name, mut clients)) => {
                clients.retain(|known| known.link().id() != connection);
                (name, clients)
            }
            None => (Arc::from(group), Vec::new()),
        };
        let clients = clients.into_iter().chain([client]).collect();
        let memberships = table.by_connection.entry(connection).or_default();
        memberships.producers.insert(Arc::clone(&name));
        table.producers.insert(name, clients);
        drop(table);
        self.bell.notify_one();
    }

    /// A client leaves a consumer group. Its other groups stay.
    pub fn leave(&self, connection: ConnId, group: &str) {
        let mut table = self.table.write();
        let left = table.leave(connection, group);
        drop(table);
        self.left(left.into_iter().collect());
    }

    /// A client leaves a producer group. Its other groups stay.
    pub fn stop_producing(&self, connection: ConnId, group: &str) {
        self.table.write().stop_producing(connection, group);
    }

    /// A connection is gone, and with it its client in all its groups.
    pub fn closed(&self, connection: ConnId) {
        if !self.table.read().by_connection.contains_key(&connection) {
            return;
        }
        let left = self.table.write().drop_connection(connection);
        self.left(left);
    }

    /// Drops and closes clients that sent no heartbeat for too long, and sends notices that are due, for ever. Sleeps
    /// until the earliest deadline; without clients, until there is one.
    pub async fn run(&self) -> ! {
        let mut next_expiry = None;
        loop {
            let now = self.clock.now();
            if next_expiry.is_none_or(|at: Millis| at <= now) {
                next_expiry = self.expire(now);
            }
            for group in self.notices.take_due(now) {
                self.tell(&group);
            }
            let deadline = [next_expiry, self.notices.next_due()];
            let Some(deadline) = deadline.into_iter().flatten().min() else {
                self.bell.notified().await;
                continue;
            };
            // A deadline that passes during these lines costs one more turn of a millisecond.
            let pause = deadline.since(now).max(Duration::from_millis(1));
            // Either way the loop looks again.
            let _ = tokio::time::timeout(pause, self.bell.notified()).await;
        }
    }

    /// Drops the clients whose time is over at `now`; returns when to look again.
    fn expire(&self, now: Millis) -> Option<Millis> {
        let dead = |client: &Client| self.life < now.since(client.last_seen());
        let clients = self.clients();
        let expired: Vec<_> = clients.iter().filter(|client| dead(client)).collect();
        for client in &expired {
            tracing::info!(client = %client.id(), peer = %client.link().peer(), "client sent no heartbeat, closing it");
            client.link().close();
            self.closed(client.link().id());
        }
        let alive = clients.iter().filter(|client| !dead(client));
        let earliest = alive.map(|client| client.last_seen()).min()?;
        Some(earliest.after(self.life).after(Duration::from_millis(1)))
    }

    fn clients(&self) -> Vec<Arc<Client>> {
        let table = self.table.read();
        let consumers = table.consumers.values().flat_map(|group| group.clients());
        let producers = table.producers.values().flatten();
        consumers.chain(producers).cloned().collect()
    }

    fn left(&self, groups: Vec<Arc<str>>) {
        if groups.is_empty() {
            return;
        }
        self.generation.fetch_add(1, Ordering::AcqRel);
        let now = self.clock.now();
        for group in groups {
            self.changed(&group, now);
        }
    }

    /// Tells the members of a group that it changed, now or soon.
    fn changed(&self, group: &Arc<str>, now: Millis) {
        match self.notices.changed(group, now) {
            Due::Now => self.tell(group),
            Due::Later => self.bell.notify_one(),
            Due::Pending => {}
        }
    }

    fn tell(&self, group: &Arc<str>) {
        let Some(members) = self
            .consumer_group(group)
            .filter(|group| group.wants_notices())
        else {
            return;
        };
        let frame = notices::frame(group);
        for client in members.clients() {
            client.link().post(frame.clone());
        }
    }
}

impl Table {
    /// Takes a connection out of a consumer group; the group if it was in it.
    fn leave(&mut self, connection: ConnId, group: &str) -> Option<Arc<str>> {
        let memberships = self.by_connection.get_mut(&connection)?;
        let name = memberships.consumers.take(group)?;
        self.forget_if_idle(connection);
        self.remove_consumer(connection, &name);
        Some(name)
    }

    fn stop_producing(&mut self, connection: ConnId, group: &str) {
        let Some(memberships) = self.by_connection.get_mut(&connection) else {
            return;
        };
        if let Some(name) = memberships.producers.take(group) {
            self.forget_if_idle(connection);
            self.remove_producer(connection, &name);
        }
    }

    /// Takes a connection out of everything; the consumer groups it was in.
    fn drop_connection(&mut self, connection: ConnId) -> Vec<Arc<str>> {
        let Some(memberships) = self.by_connection.remove(&connection) else {
            return Vec::new();
        };
        for group in &memberships.producers {
            self.remove_producer(connection, group);
        }
        for group in &memberships.consumers {
            self.remove_consumer(connection, group);
        }
        memberships.consumers.into_iter().collect()
    }

    fn forget_if_idle(&mut self, connection: ConnId) {
        let memberships = self.by_connection.get(&connection);
        if memberships
            .is_some_and(|groups| groups.consumers.is_empty() && groups.producers.is_empty())
        {
            self.by_connection.remove(&connection);
        }
    }

    fn remove_consumer(&mut self, connection: ConnId, group: &Arc<str>) {
        let Some(stored) = self.consumers.get(group) else {
            return;
        };
        let mut next = ConsumerGroup::clone(stored);
        next.clients
            .retain(|client| client.link().id() != connection);
        if next.clients.is_empty() {
            self.consumers.remove(group);
        } else {
            self.consumers.insert(Arc::clone(group), Arc::new(next));
        }
    }

    fn remove_producer(&mut self, connection: ConnId, group: &Arc<str>) {
        let Some(clients) = self.producers.get_mut(group) else {
            return;
        };
        clients.retain(|client| client.link().id() != connection);
        if clients.is_empty() {
            self.producers.remove(group);
        }
    }
}

#[cfg(test)]
mod tests;
