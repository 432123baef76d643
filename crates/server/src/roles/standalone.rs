//! Name server and broker in one process, with nothing to configure.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ferromq_broker::Broker;
use ferromq_config::{BrokerSettings, Env, NamesrvSettings};
use ferromq_net::Server;

use super::running::{Alarm, until_stopped};
use super::{broker, namesrv};
use crate::args::Standalone;
use crate::failure::Failure;
use crate::say::say;
use crate::{logging, network, open_files, settings};

/// Name of the broker unless a file says otherwise. Not the host's name: the directory may move to another host.
const BROKER_NAME: &str = "broker-a";

/// Longest wait for the registration at the name server in the same process; takes some milliseconds.
const REGISTER_TIME: Duration = Duration::from_secs(5);

/// Runs `ferromq standalone`.
pub(crate) fn run(args: &Standalone) -> Result<(), Failure> {
    logging::start();
    open_files::raise_limit();
    until_stopped(|alarm| RunningPair::start(args, &alarm), RunningPair::stop)
}

/// A running name server and broker, on the same network threads.
struct RunningPair {
    settings: BrokerSettings,
    broker: Arc<Broker>,
    server: Server,
}

impl RunningPair {
    fn start(args: &Standalone, alarm: &Alarm) -> Result<Self, Failure> {
        let env = settings::environment();
        let data = std::path::absolute(&args.data).unwrap_or_else(|_| args.data.clone());
        let (namesrv_settings, mut settings) = read_settings(args, &data, &env)?;
        broker::check(&mut settings)?;
        let namesrv_port = namesrv::bind(&namesrv_settings, "--namesrv-port")?;
        let ports = broker::Ports::bind(&mut settings, "--broker-port")?;
        let (namesrv_address, broker_address) = (namesrv_port.address(), ports.main());
        let own = network::reachable(namesrv_address).to_string();
        settings::report(&settings.overrule("namesrvAddr", &own), "standalone");

        let broker = broker::open(&settings, alarm)?;
        let net = &settings.groups.net;
        let builder = Server::builder()
            .threads(network::threads(net))
            .limits(network::limits(net))
            .listen_on(namesrv_port, Arc::new(namesrv::open(namesrv_settings)?));
        let server = ports.serve(builder, &broker).start()?;
        let this = Self {
            settings,
            broker,
            server,
        };
        // The address it answers with is for message ids only.
        let _ = this.broker.announce(broker_address);
        if !this.broker.wait_registered(REGISTER_TIME) {
            tracing::warn!(
                "the broker is not registered with its own name server yet; clients may not find it"
            );
        }
        greet(namesrv_address, broker_address, &data);
        Ok(this)
    }

    fn stop(self) -> Result<(), Failure> {
        broker::stop(&self.broker, self.server, &self.settings)
    }
}

/// The settings of both roles: defaults, file, command line.
fn read_settings(
    args: &Standalone,
    data: &Path,
    env: &Env,
) -> Result<(NamesrvSettings, BrokerSettings), Failure> {
    // Only what the command line and the file say counts here: a NAMESRV_ADDR is for other brokers.
    let env = Env {
        namesrv_addr: None,
        host_name: Some(BROKER_NAME.to_owned()),
        ..env.clone()
    };
    let mut broker: BrokerSettings = settings::load(args.config.as_deref(), &env)?;
    tell_what_is_not_used(&broker, data);
    let mut namesrv = NamesrvSettings::defaults(&env);
    let path = |name: &str| data.join(name).display().to_string();
    let listen = args.listen.map(|ip| ip.to_string());
    let mut notices = Vec::new();
    if let Some(listen) = &listen {
        notices.extend(broker.overrule("bindAddress", listen));
    }
    namesrv
        .groups
        .namesrv
        .bind_address
        .clone_from(&broker.groups.broker.bind_address);
    namesrv.groups.net = broker.groups.net.clone();
    notices.extend(namesrv.overrule("listenPort", &args.namesrv_port.to_string()));
    notices.extend(namesrv.overrule("kvConfigPath", &path("namesrv/kvConfig.json")));
    notices.extend(namesrv.overrule("configStorePath", &path("namesrv/namesrv.properties")));
    notices.extend(broker.overrule("storePathRootDir", &path("store")));
    if let Some(port) = args.broker_port {
        notices.extend(broker.overrule("listenPort", &port.to_string()));
    }
    settings::report(&notices, "command line");
    Ok((namesrv, broker))
}

/// Says in one line which keys of the file stand back: who begins with a broker's file must not look for his messages in
/// a folder that is not used.
fn tell_what_is_not_used(broker: &BrokerSettings, data: &Path) {
    let given = |key: &&str| broker.given(key).is_some();
    let keys: Vec<&str> = ["storePathRootDir", "namesrvAddr"]
        .into_iter()
        .filter(given)
        .collect();
    if !keys.is_empty() {
        tracing::warn!(
            "{} of the file {} not used: standalone keeps its data below {} (--data) and registers with its own name server; for a broker by this file run `ferromq broker -c FILE`",
            keys.join(" and "),
            if keys.len() == 1 { "is" } else { "are" },
            data.display(),
        );
    }
}

/// Tells what runs where and what to do next.
fn greet(namesrv: SocketAddr, broker: SocketAddr, data: &Path) {
    let everywhere = if namesrv.ip().is_unspecified() {
        "   (on all addresses of this host)"
    } else {
        ""
    };
    let (namesrv, broker) = (network::reachable(namesrv), network::reachable(broker));
    let version = env!("CARGO_PKG_VERSION");
    let flag = if namesrv.port() == 9876 {
        String::new()
    } else {
        format!(" --namesrv {namesrv}")
    };
    say(&format!(
        "FerroMQ {version}

  name server   {namesrv}{everywhere}
  broker        {broker}
  data          {data}

Point RocketMQ clients at the name server. Or try it from another terminal:

  echo \"hello, world\" | ferromq produce --topic greetings{flag}
  ferromq consume --topic greetings{flag}

FerroMQ is ready. Stop it with Ctrl-C.",
        data = data.display()
    ));
}
