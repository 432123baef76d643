//! The name server alone.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ferromq_config::{NamesrvSettings, Selection};
use ferromq_disk::RealDisk;
use ferromq_namesrv::NameServer;
use ferromq_net::{Listener, Server};

use super::running::until_stopped;
use crate::args::Namesrv;
use crate::failure::Failure;
use crate::say::say;
use crate::{compat, logging, network, open_files, settings};

/// Runs `ferromq namesrv` and `mqnamesrv`.
pub(crate) fn run(args: &Namesrv) -> Result<(), Failure> {
    logging::start();
    let mut settings: NamesrvSettings =
        settings::load(args.config.as_deref(), &settings::environment())?;
    if args.print {
        compat::print_items(settings.entries(Selection::All).iter());
        return Ok(());
    }
    if let Some(file) = &args.config {
        // Changes made over the network go to the file that the start reads.
        let path = std::path::absolute(file).unwrap_or_else(|_| file.clone());
        settings.groups.namesrv.config_store_path = path.display().to_string();
        say(&format!(
            "load config properties file OK, {}",
            file.display()
        ));
    }
    open_files::raise_limit();
    let drain = settings.groups.net.shutdown_timeout;
    until_stopped(|_| start(settings), |server| stop(server, drain))
}

fn start(settings: NamesrvSettings) -> Result<Server, Failure> {
    let listener = bind(&settings, "`listenPort` in the configuration file")?;
    let address = listener.address();
    let net = settings.groups.net.clone();
    let role = Arc::new(open(settings)?);
    let server = Server::builder()
        .threads(network::threads(&net))
        .limits(network::limits(&net))
        .listen_on(listener, role)
        .start()?;
    say(&format!(
        "The Name Server boot success. serializeType=JSON, address {address}"
    ));
    Ok(server)
}

fn stop(server: Server, drain: Duration) -> Result<(), Failure> {
    server.stop(drain);
    Ok(())
}

/// Binds the port of the name server; `cure` tells how to choose another.
pub(super) fn bind(settings: &NamesrvSettings, cure: &'static str) -> Result<Listener, Failure> {
    let config = &settings.groups.namesrv;
    let ip = network::bind_address(&config.bind_address)?;
    let address = SocketAddr::new(ip, config.listen_port);
    network::bind(address, &settings.groups.net, "name server", cure)
}

/// Loads what the name server keeps.
pub(super) fn open(settings: NamesrvSettings) -> Result<NameServer, Failure> {
    Ok(NameServer::open(Arc::new(RealDisk), settings)?)
}
