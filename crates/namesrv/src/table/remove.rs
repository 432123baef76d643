//! Brokers and topics go.

use ferromq_base::Millis;
use ferromq_net::ConnId;

use super::{LiveKey, MASTER_ID, PERM_WRITE, Queues, TOPICS_MAX, Table};

/// A broker address that was removed because it was silent for too long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expired {
    /// Name of its group of replicas.
    pub name: String,
    /// Its address.
    pub addr: String,
    /// The connection it registered over, which should be closed.
    pub conn: ConnId,
}

impl Table {
    /// Removes one broker address, and with the last address of a name its topics and, with the last name, its cluster.
    pub fn unregister(&mut self, cluster: &str, name: &str, addr: &str) {
        let key = LiveKey::new(cluster, addr);
        if self.live.get(&key).is_some_and(|live| live.name == name) {
            self.live.remove(&key);
        }
        let Some(broker) = self.brokers.get_mut(name) else {
            return;
        };
        let before = broker.addrs.len();
        broker.addrs.retain(|_, known| known != addr);
        if broker.addrs.is_empty() {
            self.remove_name(name);
        } else if broker.addrs.len() < before
            && broker.acting_master
            && !broker.addrs.contains_key(&MASTER_ID)
        {
            self.strip_write(name);
        }
    }

    /// Removes a name whose last address is gone.
    fn remove_name(&mut self, name: &str) {
        self.brokers.remove(name);
        self.clusters.retain(|_, names| {
            names.remove(name);
            !names.is_empty()
        });
        self.topics.retain(|_, brokers| {
            brokers.remove(name);
            !brokers.is_empty()
        });
        self.mappings.retain(|_, brokers| {
            brokers.remove(name);
            !brokers.is_empty()
        });
    }

    /// A group without a master takes no writes.
    fn strip_write(&mut self, name: &str) {
        for brokers in self.topics.values_mut() {
            if let Some(queues) = brokers.get_mut(name) {
                queues.perm &= !PERM_WRITE;
            }
        }
    }

    /// Removes everything that registered over a connection which is closed; returns the addresses.
    pub fn connection_closed(&mut self, conn: ConnId) -> Vec<String> {
        let gone = self.keys_of(|_, live| live.conn == conn);
        self.remove_all(&gone);
        gone.into_iter().map(|(key, _)| key.addr).collect()
    }

    /// Removes the brokers that have been silent for too long, and finds the next deadline.
    pub fn expire(&mut self, now: Millis) -> Vec<Expired> {
        let gone = self.keys_of(|_, live| live.dead_at() <= now);
        let expired = gone
            .iter()
            .filter_map(|(key, name)| {
                Some(Expired {
                    name: name.clone(),
                    addr: key.addr.clone(),
                    conn: self.live.get(key)?.conn,
                })
            })
            .collect();
        self.remove_all(&gone);
        self.deadline = self.live.values().map(super::Live::dead_at).min();
        expired
    }

    /// Keys and broker names of the live entries that `wanted` picks.
    fn keys_of(&self, wanted: impl Fn(&LiveKey, &super::Live) -> bool) -> Vec<(LiveKey, String)> {
        let picked = self.live.iter().filter(|(key, live)| wanted(key, live));
        picked
            .map(|(key, live)| (key.clone(), live.name.clone()))
            .collect()
    }

    fn remove_all(&mut self, gone: &[(LiveKey, String)]) {
        for (key, name) in gone {
            self.unregister(&key.cluster, name, &key.addr);
        }
    }

    /// Removes a topic: everywhere, or from the brokers of one cluster.
    pub fn delete_topic(&mut self, topic: &str, cluster: Option<&str>) {
        let Some(cluster) = cluster else {
            self.topics.remove(topic);
            self.mappings.remove(topic);
            return;
        };
        let (Some(names), Some(brokers)) = (self.clusters.get(cluster), self.topics.get_mut(topic))
        else {
            return;
        };
        brokers.retain(|name, _| !names.contains(name));
        if brokers.is_empty() {
            self.topics.remove(topic);
            self.mappings.remove(topic);
        }
    }

    /// Adds the queues of one topic on known brokers; if one broker is unknown, nothing happens.
    pub fn add_topic(&mut self, topic: &str, queues: Vec<(String, Queues)>) {
        let all_known = queues
            .iter()
            .all(|(name, _)| self.brokers.contains_key(name));
        let has_room = self.topics.contains_key(topic) || self.topics.len() < TOPICS_MAX;
        if all_known && has_room && !queues.is_empty() {
            self.topics
                .entry(topic.to_owned())
                .or_default()
                .extend(queues);
        }
    }
}
