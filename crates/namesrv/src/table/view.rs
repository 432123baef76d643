//! What clients and tools see of the table.

use std::collections::{BTreeMap, BTreeSet};

use ferromq_wire::body::TopicQueueMappingInfo;

use super::{Broker, LiveKey, MASTER_ID, PERM_WRITE, Queues, Table};
use crate::announced::Ends;

/// Topics with this prefix tell replicas of each other; a stand-in for the master must not appear in their routes.
const SYNC_TOPIC_PREFIX: &str = "rmq_sys_SYNC_BROKER_MEMBER_";

/// A group of replicas as one client sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerView {
    /// Its cluster.
    pub cluster: String,
    /// Its name.
    pub name: String,
    /// Addresses by id, chosen for the client.
    pub addrs: BTreeMap<i64, String>,
    /// Its zone.
    pub zone: Option<String>,
    /// Whether the smallest slave may stand in for a lost master.
    pub acting_master: bool,
}

/// The route of a topic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// Queues by broker name.
    pub queues: Vec<(String, Queues)>,
    /// The brokers among them that are known.
    pub brokers: Vec<BrokerView>,
    /// Filter servers by broker address.
    pub filters: BTreeMap<String, Vec<String>>,
    /// For a static topic: which of its queues each broker holds.
    pub mappings: Option<BTreeMap<String, TopicQueueMappingInfo>>,
}

/// All clusters and brokers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterView {
    /// Brokers by name.
    pub brokers: Vec<BrokerView>,
    /// Broker names by cluster.
    pub clusters: BTreeMap<String, BTreeSet<String>>,
}

/// Which topics to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicFilter<'a> {
    /// All.
    All,
    /// Those on a broker of this cluster.
    Cluster(&'a str),
    /// With the unit flag.
    Unit,
    /// With the unit subscription flag.
    UnitSub,
    /// With the unit subscription flag but not the unit flag.
    UnitSubOnly,
}

/// Flag of a topic: belongs to a unit.
const UNIT: i32 = 1;
/// Flag of a topic: has a subscription across units.
const UNIT_SUB: i32 = 2;

impl TopicFilter<'_> {
    fn takes_flags(self, flags: i32) -> bool {
        match self {
            Self::All | Self::Cluster(_) => true,
            Self::Unit => flags & UNIT != 0,
            Self::UnitSub => flags & UNIT_SUB != 0,
            Self::UnitSubOnly => flags & (UNIT | UNIT_SUB) == UNIT_SUB,
        }
    }
}

impl Table {
    /// The route of a topic for a client; none without queues or without a known broker. With `stand_in`, the smallest
    /// slave is shown as the master of a group that has lost its own.
    #[must_use]
    pub fn route(&self, topic: &str, stand_in: bool, client: Ends) -> Option<Route> {
        let queues = self.topics.get(topic)?;
        let mut route = Route {
            queues: queues
                .iter()
                .map(|(name, queues)| (name.clone(), *queues))
                .collect(),
            mappings: self.mappings.get(topic).cloned(),
            ..Route::default()
        };
        for (name, queues) in queues {
            let Some(broker) = self.brokers.get(name) else {
                continue;
            };
            let mut view = self.broker_view(name, broker, client);
            let has_no_writer = queues.perm & PERM_WRITE == 0;
            if stand_in && has_no_writer && !topic.starts_with(SYNC_TOPIC_PREFIX) {
                promote_smallest(&mut view);
            }
            self.collect_filters(broker, &mut route.filters);
            route.brokers.push(view);
        }
        (!route.brokers.is_empty()).then_some(route)
    }

    fn collect_filters(&self, broker: &Broker, filters: &mut BTreeMap<String, Vec<String>>) {
        for addr in broker.addrs.values() {
            let live = self.live.get(&LiveKey::new(&broker.cluster, addr));
            if let Some(live) = live.filter(|live| !live.filters.is_empty()) {
                filters.insert(addr.clone(), live.filters.clone());
            }
        }
    }

    fn broker_view(&self, name: &str, broker: &Broker, client: Ends) -> BrokerView {
        let addrs = broker.addrs.iter();
        BrokerView {
            cluster: broker.cluster.clone(),
            name: name.to_owned(),
            addrs: addrs
                .map(|(id, addr)| (*id, self.address_for(&broker.cluster, addr, client)))
                .collect(),
            zone: broker.zone.clone(),
            acting_master: broker.acting_master,
        }
    }

    /// The address to give to a client for a registered one.
    fn address_for(&self, cluster: &str, addr: &str, client: Ends) -> String {
        match self.live.get(&LiveKey::new(cluster, addr)) {
            Some(live) => live.announced.address_for(client).into_owned(),
            None => addr.to_owned(),
        }
    }

    /// All clusters and brokers.
    #[must_use]
    pub fn cluster_view(&self, client: Ends) -> ClusterView {
        let brokers = self.brokers.iter();
        ClusterView {
            brokers: brokers
                .map(|(name, broker)| self.broker_view(name, broker, client))
                .collect(),
            clusters: self.clusters.clone(),
        }
    }

    /// The addresses of one broker name; none if it is unknown.
    #[must_use]
    pub fn members(&self, name: &str, client: Ends) -> BTreeMap<i64, String> {
        let broker = self.brokers.get(name);
        broker.map_or_else(BTreeMap::new, |broker| {
            self.broker_view(name, broker, client).addrs
        })
    }

    /// Names of topics.
    #[must_use]
    pub fn topics(&self, filter: TopicFilter<'_>) -> Vec<String> {
        let names = match filter {
            TopicFilter::Cluster(cluster) => match self.clusters.get(cluster) {
                Some(names) => Some(names),
                None => return Vec::new(),
            },
            _ => None,
        };
        let topics = self.topics.iter().filter(|(_, brokers)| {
            let flags = brokers.values().next().map_or(0, |queues| queues.sys_flag);
            let in_cluster =
                names.is_none_or(|names| brokers.keys().any(|name| names.contains(name)));
            in_cluster && filter.takes_flags(flags)
        });
        topics.map(|(topic, _)| topic.clone()).collect()
    }

    /// Names of clusters and brokers, which are topics, too; and the address of one broker.
    #[must_use]
    pub fn system_topics(&self, client: Ends) -> (Vec<String>, Option<String>) {
        let mut topics: BTreeSet<String> = self.clusters.keys().cloned().collect();
        topics.extend(self.brokers.keys().cloned());
        let addr = self.brokers.values().find_map(|broker| {
            let addr = broker.addrs.values().next()?;
            Some(self.address_for(&broker.cluster, addr, client))
        });
        (topics.into_iter().collect(), addr)
    }
}

/// Shows the smallest slave as master if there is none and the group allows it.
fn promote_smallest(view: &mut BrokerView) {
    if !view.acting_master || view.addrs.contains_key(&MASTER_ID) {
        return;
    }
    if let Some((_, addr)) = view.addrs.pop_first() {
        view.addrs.insert(MASTER_ID, addr);
    }
}
