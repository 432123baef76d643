//! The part that every producer and consumer has: identity, connections, routes, heartbeats and the task that looks after
//! them.

mod heartbeat;
mod maintain;
pub(crate) mod route;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use ferromq_rpc::broker::Broker;
use ferromq_rpc::name_server::NameServers;
use ferromq_rpc::{CallError, ChannelOptions, Channels, Incoming};
use ferromq_wire::body::HeartbeatData;
use ferromq_wire::code::ResponseCode;
use ferromq_wire::message::topic::AUTO_CREATE_TOPIC_KEY_TOPIC;
use ferromq_wire::request::UnregisterClientRequest;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use self::route::{Addresses, MASTER, TopicRoute};
use crate::client_id::ClientId;
use crate::error::{RouteError, StartError};
use crate::options::ClientOptions;
use crate::queue::MessageQueue;

/// What is told to brokers in heartbeats, and what wants to know of changed routes.
pub(crate) trait Member: Send + Sync {
    /// Heartbeat content but for the client id.
    fn heartbeat(&self) -> HeartbeatData;
    /// A route has changed.
    fn route_changed(&self) {}
}

/// Shared state of one client.
pub(crate) struct Instance {
    pub(crate) id: ClientId,
    pub(crate) options: ClientOptions,
    names: NameServers,
    channels: Channels,
    /// Known topics; `None` where the name server knows no route yet.
    routes: Mutex<BTreeMap<Arc<str>, Option<Arc<TopicRoute>>>>,
    brokers: Mutex<BTreeMap<Arc<str>, Addresses>>,
    member: Mutex<Option<Weak<dyn Member>>>,
    /// Wakes the maintaining task before its time.
    hurry: Notify,
    /// A broker could not be reached: all routes are to be asked for.
    suspected: AtomicBool,
    stopped: watch::Sender<bool>,
}

/// Which of a broker group's members is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// Only the master.
    Master,
    /// The master if it is known, else any other.
    MasterFirst,
    /// The one with this id; else the master, else any other.
    Id(u64),
}

impl Instance {
    /// A client that is not connected to anything yet. `incoming` gets the brokers' requests.
    pub(crate) fn new(
        options: ClientOptions,
        incoming: Option<Incoming>,
    ) -> Result<Arc<Self>, StartError> {
        let addrs = options.name_server_list()?;
        let channel = ChannelOptions {
            serialize: options.serialize,
            connect_timeout: options.call_timeout,
            incoming,
            ..ChannelOptions::default()
        };
        let channels = Channels::new(channel);
        Ok(Arc::new(Self {
            id: ClientId::new(options.instance_name.as_deref()),
            names: NameServers::new(&channels, &addrs, options.call_timeout),
            options,
            channels,
            routes: Mutex::default(),
            brokers: Mutex::default(),
            member: Mutex::default(),
            hurry: Notify::new(),
            suspected: AtomicBool::new(false),
            stopped: watch::Sender::new(false),
        }))
    }

    /// Starts heartbeats and route refreshing on behalf of `member`.
    pub(crate) fn start(self: &Arc<Self>, member: Weak<dyn Member>) {
        *self.member.lock() = Some(member);
        maintain::start(Arc::clone(self));
    }

    /// Stops the tasks without saying goodbye: for a client that is dropped and not shut down.
    pub(crate) fn abandon(&self) {
        if !self.stopped.send_replace(true) {
            self.channels.close_all();
        }
    }

    /// Stops the tasks, says goodbye to all brokers and closes the connections.
    pub(crate) async fn stop(&self, producer_group: Option<&str>, consumer_group: Option<&str>) {
        if self.stopped.send_replace(true) {
            return;
        }
        let goodbye = UnregisterClientRequest {
            client_id: self.id.text.clone(),
            producer_group: producer_group.map(ToOwned::to_owned),
            consumer_group: consumer_group.map(ToOwned::to_owned),
        };
        for addr in self.all_addrs() {
            // A broker to which no connection is open does not know us.
            if self.channels.open(&addr).is_none() {
                continue;
            }
            let broker = self.broker_at(&addr);
            if let Err(error) = broker.unregister_client(&goodbye).await {
                tracing::debug!(addr, %error, "broker not told of the end");
            }
        }
        self.channels.close_all();
    }

    /// The producer or consumer that this is a part of, as long as it lives.
    fn member(&self) -> Option<Arc<dyn Member>> {
        self.member.lock().as_ref().and_then(Weak::upgrade)
    }

    pub(crate) fn is_stopped(&self) -> bool {
        *self.stopped.borrow()
    }

    /// Returns when the client is stopped.
    pub(crate) async fn stopped(&self) {
        // An error would mean that the sender is gone, which `self` holds.
        let _ = self.stopped.subscribe().wait_for(|stopped| *stopped).await;
    }

    /// The topic's route, asked for if it is not known; from then on it is kept fresh.
    pub(crate) async fn route(&self, topic: &str) -> Result<Arc<TopicRoute>, RouteError> {
        if let Some(Some(route)) = self.routes.lock().get(topic) {
            return Ok(Arc::clone(route));
        }
        self.refresh(topic).await
    }

    /// The topic's route if it is known already.
    pub(crate) fn known_route(&self, topic: &str) -> Option<Arc<TopicRoute>> {
        self.routes.lock().get(topic).cloned().flatten()
    }

    /// Keeps the topic's route fresh from now on, even if there is none yet.
    pub(crate) fn watch(&self, topic: &str) {
        self.routes.lock().entry(Arc::from(topic)).or_default();
    }

    /// Asks for the topic's route. What was known stays if the name servers do not answer, or answer "none".
    pub(crate) async fn refresh(&self, topic: &str) -> Result<Arc<TopicRoute>, RouteError> {
        let data = self
            .names
            .route(topic)
            .await
            .map_err(|error| self.route_error(topic, error))?;
        Ok(self.learn(topic, TopicRoute::of(topic, &data)))
    }

    /// The route that a topic will have when a broker has made it: taken from the template topic.
    pub(crate) async fn template_route(
        &self,
        topic: &str,
        queues_max: u32,
    ) -> Result<TopicRoute, RouteError> {
        let data = self
            .names
            .route(AUTO_CREATE_TOPIC_KEY_TOPIC)
            .await
            .map_err(|error| self.route_error(topic, error))?;
        let route = TopicRoute::of_template(topic, &data, queues_max);
        self.learn_brokers(&route);
        Ok(route)
    }

    /// Forgets a route that turned out to be wrong, so that it is asked for anew; hurries the maintaining task.
    pub(crate) fn doubt(&self, topic: &str) {
        if let Some(route) = self.routes.lock().get_mut(topic) {
            *route = None;
        }
        self.hurry.notify_one();
    }

    /// Sends heartbeats and asks for missing routes now.
    pub(crate) fn hurry(&self) {
        self.hurry.notify_one();
    }

    /// Asks for all routes soon: a broker that cannot be reached may have moved.
    pub(crate) fn suspect_routes(&self) {
        if !self.suspected.swap(true, Ordering::Relaxed) {
            self.hurry.notify_one();
        }
    }

    /// Calls to a broker of the queue's broker group.
    pub(crate) fn broker_of(&self, queue: &MessageQueue, which: Which) -> Option<Broker> {
        self.broker(&queue.broker, which).map(|(_, broker)| broker)
    }

    /// Calls to a broker by name, with the id of the member that was found.
    pub(crate) fn broker(&self, name: &str, which: Which) -> Option<(u64, Broker)> {
        let brokers = self.brokers.lock();
        let addrs = brokers.get(name)?;
        let master = || addrs.get_key_value(&MASTER);
        let found = match which {
            Which::Master => master(),
            Which::MasterFirst => master().or_else(|| addrs.iter().next()),
            Which::Id(id) => addrs
                .get_key_value(&id)
                .or_else(master)
                .or_else(|| addrs.iter().next()),
        };
        found.map(|(id, addr)| (*id, self.broker_at(addr)))
    }

    /// Addresses of the name servers, for error texts.
    pub(crate) fn name_servers(&self) -> String {
        self.names.addrs()
    }

    fn broker_at(&self, addr: &str) -> Broker {
        Broker::new(self.channels.clone(), addr, self.options.call_timeout)
    }

    fn all_addrs(&self) -> BTreeSet<String> {
        let brokers = self.brokers.lock();
        brokers
            .values()
            .flat_map(|addrs| addrs.values().cloned())
            .collect()
    }

    fn master_addrs(&self) -> BTreeSet<String> {
        let brokers = self.brokers.lock();
        brokers
            .values()
            .filter_map(|addrs| addrs.get(&MASTER).cloned())
            .collect()
    }

    /// Notes a route; tells the member if it is new.
    fn learn(&self, topic: &str, route: TopicRoute) -> Arc<TopicRoute> {
        self.learn_brokers(&route);
        let route = Arc::new(route);
        let before = self
            .routes
            .lock()
            .insert(Arc::from(topic), Some(Arc::clone(&route)));
        if before.flatten().as_ref() != Some(&route) {
            tracing::debug!(topic, queues = route.readable.len(), "route learnt");
            if let Some(member) = self.member() {
                member.route_changed();
            }
        }
        route
    }

    fn learn_brokers(&self, route: &TopicRoute) {
        let mut brokers = self.brokers.lock();
        let mut new = false;
        for (name, addrs) in &route.brokers {
            let before = brokers.insert(Arc::clone(name), addrs.clone());
            new |= before.as_ref() != Some(addrs);
        }
        drop(brokers);
        if new {
            // A new address gets a heartbeat at once.
            self.hurry.notify_one();
        }
    }

    fn route_error(&self, topic: &str, error: CallError) -> RouteError {
        let name_servers = self.name_servers();
        if error.is(ResponseCode::TOPIC_NOT_EXIST) {
            return RouteError::NoRoute {
                topic: topic.to_owned(),
                name_servers,
            };
        }
        RouteError::NameServers {
            name_servers,
            cause: error,
        }
    }
}

/// Time that a task which failed waits before it tries again, the `attempt`-th time (from 0).
pub(crate) fn pause_after(attempt: u32) -> Duration {
    Duration::from_millis(100 * 2_u64.pow(attempt.min(6))).min(Duration::from_secs(5))
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance")
            .field("id", &self.id.text)
            .field("name_servers", &self.name_servers())
            .finish_non_exhaustive()
    }
}
