//! A broker registers.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use ferromq_base::Millis;
use ferromq_net::ConnId;
use ferromq_wire::body::{DataVersion, TopicQueueMappingInfo};
use thiserror::Error;

use super::{BROKERS_MAX, Broker, Live, LiveKey, MASTER_ID, PERM_WRITE, Queues, TOPICS_MAX, Table};
use crate::announced::Announced;

/// What a broker says when it registers.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Its cluster.
    pub cluster: String,
    /// Name of its group of replicas.
    pub name: String,
    /// Its address as it wants to be known.
    pub addr: String,
    /// Its id; 0 is the master.
    pub id: i64,
    /// Its address for replication.
    pub ha_addr: String,
    /// How long it may be silent.
    pub timeout: Duration,
    /// Whether the smallest slave may stand in for a lost master; absent for old brokers.
    pub acting_master: Option<bool>,
    /// Its zone.
    pub zone: Option<String>,
    /// Its filter servers; empty today.
    pub filters: Vec<String>,
    /// Version of its topic table.
    pub version: DataVersion,
    /// Its topics: all of them, or just one that is new.
    pub topics: Vec<(String, Queues)>,
    /// Its parts of static topics.
    pub mappings: BTreeMap<String, TopicQueueMappingInfo>,
    /// The connection it registers over.
    pub conn: ConnId,
    /// What it says about its address.
    pub announced: Announced,
}

/// The answer to a registration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registered {
    /// The broker had not registered with this id before, or was gone.
    pub is_new: bool,
    /// Address of the live master, for a slave.
    pub master_addr: Option<String>,
    /// The master's address for replication, for a slave.
    pub ha_addr: Option<String>,
}

/// Why a registration is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RegisterError {
    /// A single topic of a broker that has not registered as a whole.
    #[error("register broker failed")]
    Unknown,
    /// Too many brokers.
    #[error("register broker failed: more than {BROKERS_MAX} broker addresses")]
    TooManyBrokers,
    /// Too many topics.
    #[error("register broker failed: more than {TOPICS_MAX} topics")]
    TooManyTopics,
}

impl Table {
    /// Takes a registration. With `delete_missing`, topics that the broker no longer names are removed; a registration
    /// of a single topic is an addition and removes nothing.
    pub fn register(
        &mut self,
        registration: Registration,
        delete_missing: bool,
        now: Millis,
    ) -> Result<Registered, RegisterError> {
        let r = &registration;
        let is_first = !self.has_id(&r.name, r.id);
        self.admit(r, is_first)?;
        if self.is_outdated(r) {
            self.unregister(&r.cluster, &r.name, &r.addr);
            return Ok(Registered::default());
        }
        self.evict_former_name(r);
        self.put_address(r);
        if let Some(strip) = self.topics_strip(r) {
            if delete_missing && r.topics.len() != 1 && r.mappings.is_empty() {
                self.remove_unnamed(r);
            }
            let update_all = is_first || self.has_changed(r);
            self.put_topics(r, update_all, strip);
            self.put_mappings(r, update_all);
        }
        let registered = Registered {
            is_new: is_first,
            ..self.master_of(r)
        };
        self.put_live(registration, now);
        Ok(registered)
    }

    fn has_id(&self, name: &str, id: i64) -> bool {
        let broker = self.brokers.get(name);
        broker.is_some_and(|broker| broker.addrs.contains_key(&id))
    }

    /// Refuses what must leave no trace.
    fn admit(&self, r: &Registration, is_first: bool) -> Result<(), RegisterError> {
        if is_first && r.topics.len() == 1 {
            return Err(RegisterError::Unknown);
        }
        let is_known = self.live.contains_key(&LiveKey::new(&r.cluster, &r.addr));
        if !is_known && BROKERS_MAX <= self.live.len() {
            return Err(RegisterError::TooManyBrokers);
        }
        let is_new = |(topic, _): &&(String, Queues)| !self.topics.contains_key(topic);
        if TOPICS_MAX < self.topics.len() + r.topics.iter().filter(is_new).count() {
            return Err(RegisterError::TooManyTopics);
        }
        Ok(())
    }

    /// Whether another address with this id is alive and belongs to a later leadership.
    fn is_outdated(&self, r: &Registration) -> bool {
        let Some(old) = self
            .brokers
            .get(&r.name)
            .and_then(|broker| broker.addrs.get(&r.id))
        else {
            return false;
        };
        let live = self.live.get(&LiveKey::new(&r.cluster, old));
        *old != r.addr
            && live.is_some_and(|live| r.version.state_version < live.version.state_version)
    }

    /// Removes the name that had the address before: it would have no live entry any more, so nothing would end it.
    fn evict_former_name(&mut self, r: &Registration) {
        let live = self.live.get(&LiveKey::new(&r.cluster, &r.addr));
        if let Some(former) = live.map(|live| &live.name).filter(|name| **name != r.name) {
            let former = former.clone();
            self.unregister(&r.cluster, &former, &r.addr);
        }
    }

    /// Cluster, broker and address. An address has one id at a time.
    fn put_address(&mut self, r: &Registration) {
        let names = self.clusters.entry(r.cluster.clone()).or_default();
        names.insert(r.name.clone());
        let broker = self
            .brokers
            .entry(r.name.clone())
            .or_insert_with(|| Broker {
                cluster: r.cluster.clone(),
                ..Broker::default()
            });
        broker.acting_master = r.acting_master.unwrap_or(false);
        broker.zone.clone_from(&r.zone);
        broker
            .addrs
            .retain(|id, addr| *id == r.id || *addr != r.addr);
        broker.addrs.insert(r.id, r.addr.clone());
    }

    /// Whether this broker may set the topics of its group, and if so whether without the right to write: masters
    /// may, and the smallest slave, which stands in for a master without taking writes.
    fn topics_strip(&self, r: &Registration) -> Option<bool> {
        if r.id == MASTER_ID {
            return Some(false);
        }
        let smallest = self.brokers.get(&r.name)?.addrs.keys().next()?;
        match r.acting_master {
            Some(acting) if *smallest == r.id => Some(acting),
            _ => None,
        }
    }

    /// Removes the topics of the broker that the registration does not name.
    fn remove_unnamed(&mut self, r: &Registration) {
        let named: HashSet<&str> = r.topics.iter().map(|(topic, _)| topic.as_str()).collect();
        self.topics.retain(|topic, brokers| {
            if !named.contains(topic.as_str()) {
                brokers.remove(&r.name);
            }
            !brokers.is_empty()
        });
    }

    /// Whether the version of the topic table differs from the one last registered.
    fn has_changed(&self, r: &Registration) -> bool {
        let live = self.live.get(&LiveKey::new(&r.cluster, &r.addr));
        live.is_none_or(|live| live.version != r.version)
    }

    /// Updates topics: all, or only those the broker did not have.
    fn put_topics(&mut self, r: &Registration, update_all: bool, strip_write: bool) {
        for (topic, queues) in &r.topics {
            let mut queues = *queues;
            if strip_write {
                queues.perm &= !PERM_WRITE;
            }
            match self.topics.get_mut(topic) {
                Some(brokers) if update_all || !brokers.contains_key(&r.name) => {
                    brokers.insert(r.name.clone(), queues);
                }
                Some(_) => {}
                None => {
                    let brokers = [(r.name.clone(), queues)].into();
                    self.topics.insert(topic.clone(), brokers);
                }
            }
        }
    }

    /// Updates the broker's parts of static topics, of those topics that are known.
    fn put_mappings(&mut self, r: &Registration, update_all: bool) {
        for (topic, mapping) in &r.mappings {
            if !self.topics.contains_key(topic) {
                continue;
            }
            let brokers = self.mappings.entry(topic.clone()).or_default();
            if update_all || !brokers.contains_key(&r.name) {
                brokers.insert(r.name.clone(), mapping.clone());
            }
        }
    }

    /// The live master, for a slave.
    fn master_of(&self, r: &Registration) -> Registered {
        if r.id == MASTER_ID {
            return Registered::default();
        }
        let master = self
            .brokers
            .get(&r.name)
            .and_then(|broker| broker.addrs.get(&MASTER_ID));
        let live = master.and_then(|addr| self.live.get(&LiveKey::new(&r.cluster, addr)));
        Registered {
            master_addr: live.and(master).cloned(),
            ha_addr: live.map(|live| live.ha_addr.clone()),
            is_new: false,
        }
    }

    fn put_live(&mut self, r: Registration, now: Millis) {
        let live = Live {
            name: r.name,
            heard: now,
            timeout: r.timeout,
            version: r.version,
            ha_addr: r.ha_addr,
            conn: r.conn,
            announced: r.announced,
            filters: r.filters,
        };
        self.wake_by(live.dead_at());
        let key = LiveKey {
            cluster: r.cluster,
            addr: r.addr,
        };
        self.live.insert(key, live);
    }
}
