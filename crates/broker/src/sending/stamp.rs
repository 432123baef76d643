//! What the broker writes into every message and every send reply, rendered once per configuration.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use ferromq_config::BrokerConfig;
use ferromq_wire::message::properties as key;

use crate::live::Live;

/// The stamp of one state of the configuration.
#[derive(Debug)]
pub(crate) struct Stamp {
    config: Arc<BrokerConfig>,
    body_bytes_max: usize,
    properties: Vec<u8>,
}

impl Stamp {
    fn new(config: Arc<BrokerConfig>) -> Self {
        let mut properties = Vec::new();
        key::push(&mut properties, key::MSG_REGION, &config.region_id);
        let trace_on = if config.trace_on { "true" } else { "false" };
        key::push(&mut properties, key::TRACE_ON, trace_on);
        key::push(&mut properties, key::CLUSTER, &config.cluster_name);
        let body_bytes_max = usize::try_from(config.max_message_size).unwrap_or(usize::MAX);
        Self {
            config,
            body_bytes_max,
            properties,
        }
    }

    /// The configuration the stamp was made from.
    pub(crate) fn config(&self) -> &BrokerConfig {
        &self.config
    }

    /// Largest body (`maxMessageSize`).
    pub(crate) fn body_bytes_max(&self) -> usize {
        self.body_bytes_max
    }

    /// The properties added to every message.
    pub(crate) fn properties(&self) -> &[u8] {
        &self.properties
    }
}

/// Gives the present stamp; made anew only when the configuration has changed.
#[derive(Debug)]
pub(crate) struct Stamps {
    config: Arc<Live<BrokerConfig>>,
    last: RefCell<Rc<Stamp>>,
}

impl Stamps {
    /// Stamps after `config`.
    pub(crate) fn new(config: Arc<Live<BrokerConfig>>) -> Self {
        let last = RefCell::new(Rc::new(Stamp::new(config.load_full())));
        Self { config, last }
    }

    /// The present stamp.
    pub(crate) fn now(&self) -> Rc<Stamp> {
        let config = self.config.load();
        let mut last = self.last.borrow_mut();
        if !Arc::ptr_eq(&config, &last.config) {
            *last = Rc::new(Stamp::new(Arc::clone(&config)));
        }
        Rc::clone(&last)
    }
}
