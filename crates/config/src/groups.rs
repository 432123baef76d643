//! Which groups of keys one file feeds.

use crate::env::Env;
use crate::key::{Group, IdleKey};
use crate::{BrokerConfig, NamesrvConfig, NetConfig, StoreKeys};

/// The structs that are read from one file.
pub trait Groups {
    /// Tables of known keys without effect.
    const IDLE: &'static [&'static [IdleKey]];

    /// The defaults.
    fn defaults(env: &Env) -> Self;
    /// The structs, for reading.
    fn groups(&self) -> Vec<&dyn Group>;
    /// The structs, for writing.
    fn groups_mut(&mut self) -> Vec<&mut dyn Group>;
}

/// What `broker.conf` feeds.
#[derive(Clone, Debug, PartialEq)]
pub struct BrokerGroups {
    /// The broker itself.
    pub broker: BrokerConfig,
    /// Its message store.
    pub store: StoreKeys,
    /// Its network layer.
    pub net: NetConfig,
}

impl Groups for BrokerGroups {
    const IDLE: &'static [&'static [IdleKey]] = &[
        crate::broker::BROKER_IDLE,
        crate::store::STORE_IDLE,
        crate::net::NET_IDLE,
    ];

    fn defaults(env: &Env) -> Self {
        Self {
            broker: BrokerConfig::defaults(env),
            store: StoreKeys::defaults(env),
            net: NetConfig::defaults(env),
        }
    }

    fn groups(&self) -> Vec<&dyn Group> {
        vec![&self.broker, &self.store, &self.net]
    }

    fn groups_mut(&mut self) -> Vec<&mut dyn Group> {
        vec![&mut self.broker, &mut self.store, &mut self.net]
    }
}

/// What `namesrv.conf` feeds.
#[derive(Clone, Debug, PartialEq)]
pub struct NamesrvGroups {
    /// The name server itself.
    pub namesrv: NamesrvConfig,
    /// Its network layer.
    pub net: NetConfig,
}

impl Groups for NamesrvGroups {
    const IDLE: &'static [&'static [IdleKey]] =
        &[crate::namesrv::NAMESRV_IDLE, crate::net::NET_IDLE];

    fn defaults(env: &Env) -> Self {
        Self {
            namesrv: NamesrvConfig::defaults(env),
            net: NetConfig::defaults(env),
        }
    }

    fn groups(&self) -> Vec<&dyn Group> {
        vec![&self.namesrv, &self.net]
    }

    fn groups_mut(&mut self) -> Vec<&mut dyn Group> {
        vec![&mut self.namesrv, &mut self.net]
    }
}
