//! What is asked of name servers: by brokers of each one, by clients of any one that answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use ferromq_wire::body::{ClusterInfo, KvTable, TopicRouteData};
use ferromq_wire::code::{RequestCode, ResponseCode};
use ferromq_wire::command::RemotingCommand;
use ferromq_wire::request::{
    GetKvConfigResponse, GetKvListByNamespaceRequest, GetRouteInfoRequest, KvConfigRequest,
    PutKvConfigRequest, QueryDataVersionRequest, QueryDataVersionResponse, RegisterBrokerRequest,
    RegisterBrokerResponse, UnregisterBrokerRequest,
};

use crate::answer::Answer;
use crate::channels::Channels;
use crate::error::CallError;

/// Calls to the name server at one address. Cheap to make and to clone.
#[derive(Clone, Debug)]
pub struct NameServer {
    channels: Channels,
    addr: String,
    timeout: Duration,
}

/// What a name server says to a registration.
#[derive(Clone, Debug)]
pub struct Registered {
    /// Addresses of the master, for a slave.
    pub header: RegisterBrokerResponse,
    /// Key-value table of ordered topics as JSON; empty if the name server has none.
    pub order_conf: Bytes,
}

/// What a name server knows of a broker's topics.
#[derive(Clone, Debug)]
pub struct DataVersionAnswer {
    /// The name server knows another version than the broker's.
    pub changed: bool,
    /// The version it knows, as JSON; empty if it knows none.
    pub known: Bytes,
}

impl NameServer {
    /// Calls to `addr` over `channels`; `timeout` holds for every call but a registration, which is given its own.
    #[must_use]
    pub fn new(channels: Channels, addr: &str, timeout: Duration) -> Self {
        Self {
            channels,
            addr: addr.to_owned(),
            timeout,
        }
    }

    /// The name server's address.
    #[must_use]
    pub fn addr(&self) -> &str {
        &self.addr
    }

    /// The topic's queues and brokers. A topic without route is refused with "topic does not exist".
    pub async fn route(&self, topic: &str) -> Result<TopicRouteData, CallError> {
        let request = GetRouteInfoRequest {
            topic: topic.to_owned(),
            accept_standard_json_only: true,
        };
        let command = RemotingCommand::request(RequestCode::GET_ROUTEINFO_BY_TOPIC, &request);
        self.call(command).await?.ok()?.json()
    }

    /// All clusters, brokers and their addresses.
    pub async fn cluster_info(&self) -> Result<ClusterInfo, CallError> {
        let command = RemotingCommand::bare_request(RequestCode::GET_BROKER_CLUSTER_INFO);
        self.call(command).await?.ok()?.json()
    }

    /// Announces a broker; `body` is its encoded topic table.
    pub async fn register_broker(
        &self,
        request: &RegisterBrokerRequest,
        body: Bytes,
        timeout: Duration,
    ) -> Result<Registered, CallError> {
        let command =
            RemotingCommand::request(RequestCode::REGISTER_BROKER, request).with_body(body);
        let answer = Answer::of(&self.channels, &self.addr, command, timeout)
            .await?
            .ok()?;
        Ok(Registered {
            header: answer.header()?,
            order_conf: answer.into_body(),
        })
    }

    /// Withdraws a broker.
    pub async fn unregister_broker(
        &self,
        request: &UnregisterBrokerRequest,
    ) -> Result<(), CallError> {
        let command = RemotingCommand::request(RequestCode::UNREGISTER_BROKER, request);
        self.call(command).await?.ok().map(drop)
    }

    /// Asks whether the name server knows another version of the broker's topics than `version` (JSON); keeps the broker alive.
    pub async fn query_data_version(
        &self,
        request: &QueryDataVersionRequest,
        version: Bytes,
    ) -> Result<DataVersionAnswer, CallError> {
        let command =
            RemotingCommand::request(RequestCode::QUERY_DATA_VERSION, request).with_body(version);
        let answer = self.call(command).await?.ok()?;
        let header: QueryDataVersionResponse = answer.header()?;
        Ok(DataVersionAnswer {
            changed: header.changed,
            known: answer.into_body(),
        })
    }

    /// Sets a key.
    pub async fn put_kv(&self, namespace: &str, key: &str, value: &str) -> Result<(), CallError> {
        let request = PutKvConfigRequest {
            namespace: Some(namespace.to_owned()),
            key: Some(key.to_owned()),
            value: Some(value.to_owned()),
        };
        let command = RemotingCommand::request(RequestCode::PUT_KV_CONFIG, &request);
        self.call(command).await?.ok().map(drop)
    }

    /// Value of a key; none if it is not set.
    pub async fn kv(&self, namespace: &str, key: &str) -> Result<Option<String>, CallError> {
        let request = kv_request(namespace, key);
        let command = RemotingCommand::request(RequestCode::GET_KV_CONFIG, &request);
        let answer = self.call(command).await?;
        if answer.code() == ResponseCode::QUERY_NOT_FOUND {
            return Ok(None);
        }
        let found: GetKvConfigResponse = answer.ok()?.header()?;
        Ok(found.value)
    }

    /// Removes a key.
    pub async fn delete_kv(&self, namespace: &str, key: &str) -> Result<(), CallError> {
        let request = kv_request(namespace, key);
        let command = RemotingCommand::request(RequestCode::DELETE_KV_CONFIG, &request);
        self.call(command).await?.ok().map(drop)
    }

    /// All keys of a namespace; none if the namespace does not exist.
    pub async fn kv_list(&self, namespace: &str) -> Result<Option<KvTable>, CallError> {
        let request = GetKvListByNamespaceRequest {
            namespace: namespace.to_owned(),
        };
        let command = RemotingCommand::request(RequestCode::GET_KVLIST_BY_NAMESPACE, &request);
        let answer = self.call(command).await?;
        if answer.code() == ResponseCode::QUERY_NOT_FOUND {
            return Ok(None);
        }
        answer.ok()?.json().map(Some)
    }

    async fn call(&self, command: RemotingCommand) -> Result<Answer, CallError> {
        Answer::of(&self.channels, &self.addr, command, self.timeout).await
    }
}

fn kv_request(namespace: &str, key: &str) -> KvConfigRequest {
    KvConfigRequest {
        namespace: Some(namespace.to_owned()),
        key: Some(key.to_owned()),
    }
}

/// Several name servers that know the same: one is asked until it fails, then the next.
#[derive(Clone, Debug)]
pub struct NameServers {
    servers: Arc<[NameServer]>,
    preferred: Arc<AtomicUsize>,
}

impl NameServers {
    /// Calls to the name servers at `addrs`, the first one being asked first; `timeout` holds for each attempt.
    #[must_use]
    pub fn new(channels: &Channels, addrs: &[String], timeout: Duration) -> Self {
        let server = |addr: &String| NameServer::new(channels.clone(), addr, timeout);
        Self {
            servers: addrs.iter().map(server).collect(),
            preferred: Arc::default(),
        }
    }

    /// Calls to each of them.
    #[must_use]
    pub fn each(&self) -> &[NameServer] {
        &self.servers
    }

    /// Addresses, separated by semicolons.
    #[must_use]
    pub fn addrs(&self) -> String {
        let addrs: Vec<&str> = self.servers.iter().map(NameServer::addr).collect();
        addrs.join(";")
    }

    /// As [`NameServer::route`], from any name server that knows one.
    pub async fn route(&self, topic: &str) -> Result<TopicRouteData, CallError> {
        let mut failure = Failure::default();
        for (index, server) in self.in_turn() {
            match server.route(topic).await {
                Ok(route) => return Ok(self.prefer(index, route)),
                Err(error) => failure.note(server, error),
            }
        }
        Err(failure.into_error())
    }

    /// As [`NameServer::cluster_info`], from any name server that answers.
    pub async fn cluster_info(&self) -> Result<ClusterInfo, CallError> {
        let mut failure = Failure::default();
        for (index, server) in self.in_turn() {
            match server.cluster_info().await {
                Ok(info) => return Ok(self.prefer(index, info)),
                Err(error) => failure.note(server, error),
            }
        }
        Err(failure.into_error())
    }

    /// The preferred server first, then the others: one that has just started may not have heard of all brokers yet.
    fn in_turn(&self) -> impl Iterator<Item = (usize, &NameServer)> + Send {
        let count = self.servers.len();
        let first = self.preferred.load(Ordering::Relaxed);
        let turn = (first..first + count).map(move |index| index % count);
        turn.map(|index| (index, &self.servers[index]))
    }

    /// The server that answered is preferred from now on.
    fn prefer<T>(&self, index: usize, answer: T) -> T {
        self.preferred.store(index, Ordering::Relaxed);
        answer
    }
}

/// What to say when no name server had the answer.
#[derive(Default)]
struct Failure(Option<CallError>);

impl Failure {
    /// What a server says counts more than that another one cannot be reached.
    fn note(&mut self, server: &NameServer, error: CallError) {
        let addr = server.addr();
        tracing::debug!(addr, %error, "name server does not answer, or does not know");
        if self.0.as_ref().is_none_or(|noted| noted.code().is_none()) {
            self.0 = Some(error);
        }
    }

    fn into_error(self) -> CallError {
        self.0.unwrap_or(CallError::NoNameServer)
    }
}
