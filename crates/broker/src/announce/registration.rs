//! What is said to a name server.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use ferromq_config::BrokerConfig;
use ferromq_wire::body::{self, DataVersion, KvTable, RegisterBrokerBody, TopicConfigAndMappings};
use ferromq_wire::request::{
    QueryDataVersionRequest, RegisterBrokerRequest, UnregisterBrokerRequest,
};
use ferromq_wire::{RemotingCommand, RequestCode};

use super::address::{Addresses, Announced, with_port};
use crate::live::Live;
use crate::topics::{Permission, TopicConfig, Topics};

/// Most topics of one request: a frame holds about four times as many.
const TOPICS_PER_REQUEST: usize = 10_000;
/// A broker's port for replication is this much above its own.
const HA_PORT_STEP: u16 = 1;

/// The broker as name servers are to know it.
#[derive(Debug)]
pub(super) struct Registration {
    /// The keys as they are now.
    pub(super) config: Arc<Live<BrokerConfig>>,
    /// The topics to announce.
    pub(super) topics: Arc<Topics>,
    /// Where the broker can be reached.
    pub(super) addresses: Addresses,
    /// The broker's port.
    pub(super) port: u16,
}

impl Registration {
    /// Requests that announce the broker with all its topics, over a connection whose own end is `local`; more than one
    /// if there are very many topics. Also the version they announce.
    pub(super) fn full(&self, local: Option<SocketAddr>) -> (DataVersion, Vec<RemotingCommand>) {
        let (version, topics) = self.topics.all();
        (version, self.requests(local, version, &topics))
    }

    /// Requests that announce some topics of a broker that is known already. `None` if one of them is gone: that takes a
    /// full registration.
    pub(super) fn partial(
        &self,
        local: Option<SocketAddr>,
        names: &BTreeSet<Arc<str>>,
    ) -> Option<(DataVersion, Vec<RemotingCommand>)> {
        let (version, topics) = self.topics.some(names);
        let is_complete = topics.len() == names.len();
        is_complete.then(|| (version, self.requests(local, version, &topics)))
    }

    /// A request that asks whether the name server knows this version, and shows that the broker lives.
    pub(super) fn question(
        &self,
        local: Option<SocketAddr>,
        version: DataVersion,
    ) -> RemotingCommand {
        let config = self.config.load();
        let request = QueryDataVersionRequest {
            broker_name: config.broker_name.clone(),
            broker_addr: self.addresses.announced(local).broker_addr,
            cluster_name: config.cluster_name.clone(),
            broker_id: config.broker_id,
        };
        RemotingCommand::request(RequestCode::QUERY_DATA_VERSION, &request)
            .with_body(body::encode(&version))
    }

    /// The request that takes the broker out of the name server's table; it must name the address it was registered by.
    pub(super) fn withdrawal(&self, local: Option<SocketAddr>) -> RemotingCommand {
        let config = self.config.load();
        let request = UnregisterBrokerRequest {
            broker_name: config.broker_name.clone(),
            broker_addr: self.addresses.announced(local).broker_addr,
            cluster_name: config.cluster_name.clone(),
            broker_id: config.broker_id,
        };
        RemotingCommand::request(RequestCode::UNREGISTER_BROKER, &request)
    }

    /// Takes in what a name server answered to a registration: the order configuration, if it has one.
    pub(super) fn accept(&self, answer: &RemotingCommand) {
        if answer.body.is_empty() {
            return;
        }
        match body::decode::<KvTable>(&answer.body) {
            Ok(order) => self.topics.set_order(&order.table),
            Err(error) => {
                tracing::warn!(%error, "order configuration of a name server not understood")
            }
        }
    }

    fn requests(
        &self,
        local: Option<SocketAddr>,
        version: DataVersion,
        topics: &[Arc<TopicConfig>],
    ) -> Vec<RemotingCommand> {
        let config = self.config.load();
        let announced = self.addresses.announced(local);
        let header = header(&config, &announced, self.port);
        let limit = Permission::from_bits(config.broker_permission);
        let chunks = topics.chunks(TOPICS_PER_REQUEST);
        chunks
            .map(|topics| {
                let body = body(version, topics, limit).encode();
                RemotingCommand::request(RequestCode::REGISTER_BROKER, &header).with_body(body)
            })
            .collect()
    }
}

fn header(config: &BrokerConfig, announced: &Announced, port: u16) -> RegisterBrokerRequest {
    let host = announced.broker_addr.rsplit_once(':');
    let host = config.broker_ip2.as_deref().or(host.map(|(host, _)| host));
    RegisterBrokerRequest {
        broker_name: config.broker_name.clone(),
        broker_addr: announced.broker_addr.clone(),
        cluster_name: config.cluster_name.clone(),
        ha_server_addr: with_port(host.unwrap_or_default(), port.saturating_add(HA_PORT_STEP)),
        broker_id: config.broker_id,
        heartbeat_timeout_millis: None,
        enable_acting_master: Some(false),
        compressed: false,
        body_crc32: 0,
        zone_name: None,
        ferro_listen: announced.listen.clone(),
        ferro_addrs: announced.addresses.clone(),
    }
}

fn body(
    version: DataVersion,
    topics: &[Arc<TopicConfig>],
    limit: Permission,
) -> RegisterBrokerBody {
    let is_limited = !(limit.is_readable() && limit.is_writable());
    let table = topics.iter().map(|topic| {
        let mut topic = TopicConfig::clone(topic);
        if is_limited {
            topic.perm = topic.perm.limited_by(limit);
        }
        (topic.name.to_string(), topic.to_body())
    });
    RegisterBrokerBody {
        filter_server_list: Vec::new(),
        topics: TopicConfigAndMappings {
            data_version: version,
            mapping_data_version: version,
            topic_config_table: table.collect(),
            ..TopicConfigAndMappings::default()
        },
    }
}
