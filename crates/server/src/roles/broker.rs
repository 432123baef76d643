//! The broker, alone or as a part of `standalone`.

use std::net::SocketAddr;
use std::sync::Arc;

use ferromq_base::Clock;
use ferromq_broker::{Broker, BrokerSetup};
use ferromq_config::{BrokerConfig, BrokerSettings, Selection};
use ferromq_disk::{Disk, RealDisk, ReservedDisk};
use ferromq_net::{Listener, Server, ServerBuilder};
use ferromq_storage::Store;

use super::running::{Alarm, until_stopped};
use crate::args;
use crate::failure::Failure;
use crate::local_clock::LocalClock;
use crate::say::say;
use crate::{compat, logging, network, open_files, settings, store_settings};

/// The second port, by which RocketMQ lets sends pass waiting pulls, lies so far below the main one.
const VIP_PORT_BELOW: u16 = 2;

/// Runs `ferromq broker` and `mqbroker`.
pub(crate) fn run(args: &args::Broker) -> Result<(), Failure> {
    logging::start();
    let mut settings: BrokerSettings =
        settings::load(args.config.as_deref(), &settings::environment())?;
    if let Some(list) = &args.namesrv {
        settings::report(&settings.overrule("namesrvAddr", list), "command line");
    }
    if args.print || args.print_important {
        let selection = if args.print {
            Selection::All
        } else {
            Selection::Important
        };
        compat::print_items(settings.entries(selection).iter());
        return Ok(());
    }
    open_files::raise_limit();
    until_stopped(
        |alarm| RunningBroker::start(settings, &alarm),
        RunningBroker::stop,
    )
}

/// A broker that runs alone.
struct RunningBroker {
    settings: BrokerSettings,
    broker: Arc<Broker>,
    server: Server,
}

impl RunningBroker {
    fn start(mut settings: BrokerSettings, alarm: &Alarm) -> Result<Self, Failure> {
        check(&mut settings)?;
        let ports = Ports::bind(&mut settings, "`listenPort` in the configuration file")?;
        let bound = ports.main();
        let broker = open(&settings, alarm)?;
        let net = &settings.groups.net;
        let builder = Server::builder()
            .threads(network::threads(net))
            .limits(network::limits(net));
        let server = ports.serve(builder, &broker).start()?;
        let own = broker.announce(bound);
        greet(&settings.groups.broker, own);
        Ok(Self {
            settings,
            broker,
            server,
        })
    }

    fn stop(self) -> Result<(), Failure> {
        stop(&self.broker, self.server, &self.settings)
    }
}

/// Prints RocketMQ's boot line; `own` is the broker's address.
fn greet(config: &BrokerConfig, own: Option<SocketAddr>) {
    let name = &config.broker_name;
    // Without an address of its own the broker was given a host name.
    let named = || {
        format!(
            "{}:{}",
            config.broker_ip1.as_deref().unwrap_or_default(),
            config.listen_port
        )
    };
    let address = own.map_or_else(named, |own| own.to_string());
    let suffix = match config.namesrv_addr.as_deref() {
        None | Some("") => String::new(),
        Some(list) => format!(" and name server is {list}"),
    };
    say(&format!(
        "The broker[{name}, {address}] boot success. serializeType=JSON{suffix}"
    ));
}

/// The bound ports of a broker.
pub(super) struct Ports {
    main: Listener,
    vip: Option<Listener>,
}

impl Ports {
    /// Binds the main port and the second one, and writes the real main port into the settings. `cure` tells how to
    /// choose another port.
    pub(super) fn bind(settings: &mut BrokerSettings, cure: &'static str) -> Result<Self, Failure> {
        let config = &settings.groups.broker;
        let ip = network::bind_address(&config.bind_address)?;
        let port = config.listen_port;
        let net = &settings.groups.net;
        let main = network::bind(SocketAddr::new(ip, port), net, "broker", cure)?;
        // A port chosen by the system has no fixed neighbour.
        let vip = match port.checked_sub(VIP_PORT_BELOW) {
            None | Some(0) => None,
            Some(vip) => Some(network::bind(
                SocketAddr::new(ip, vip),
                net,
                "broker (its second one)",
                cure,
            )?),
        };
        settings.groups.broker.listen_port = main.address().port();
        Ok(Self { main, vip })
    }

    /// Address of the main port.
    pub(super) fn main(&self) -> SocketAddr {
        self.main.address()
    }

    /// Serves the broker on its ports.
    pub(super) fn serve(self, builder: ServerBuilder, broker: &Arc<Broker>) -> ServerBuilder {
        let builder = builder.listen_on(self.main, Arc::clone(broker) as _);
        match self.vip {
            Some(vip) => builder.listen_on(vip, Arc::clone(broker) as _),
            None => builder,
        }
    }
}

/// Checks and completes the keys.
pub(super) fn check(settings: &mut BrokerSettings) -> Result<(), Failure> {
    let notices = settings.groups.broker.check()?;
    settings::report(&notices, "configuration");
    Ok(())
}

/// Opens the store and starts the broker on it. Nobody is served yet.
pub(super) fn open(settings: &BrokerSettings, alarm: &Alarm) -> Result<Arc<Broker>, Failure> {
    let groups = &settings.groups;
    let clock: Arc<dyn Clock> = Arc::new(LocalClock::of_this_host());
    let config = store_settings::store_config(&groups.store, &groups.broker);
    let disk: Arc<dyn Disk> = Arc::new(ReservedDisk::new(Arc::new(RealDisk), &config.root));
    let settings_dir = config.root.join("config");
    let store = Store::open(Arc::clone(&disk), config, Arc::clone(&clock))?;
    let alarm = Arc::clone(alarm);
    store.on_fatal(Box::new(move |fatal| alarm(fatal.to_string())));
    disk.create_dirs(&settings_dir).map_err(Failure::Folder)?;
    Ok(Broker::start(BrokerSetup {
        config: groups.broker.clone(),
        store,
        disk,
        settings_dir,
        ack_timeout: groups.broker.sync_flush_timeout,
        clock,
    })?)
}

/// Stops serving, then saves and closes everything.
pub(super) fn stop(
    broker: &Broker,
    server: Server,
    settings: &BrokerSettings,
) -> Result<(), Failure> {
    broker.withdraw();
    server.stop(settings.groups.net.shutdown_timeout);
    Ok(broker.close()?)
}
