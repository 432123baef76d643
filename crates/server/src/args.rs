//! The command line of `ferromq`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use ferromq_cli::{ConsumeArgs, ProduceArgs};

/// Messaging for RocketMQ clients, in one small program.
#[derive(Debug, Parser)]
#[command(
    name = "ferromq",
    version,
    about = "Messaging for Apache RocketMQ clients, in one small program",
    after_help = "\
Start here:
  ferromq standalone                                 a name server and a broker, nothing to configure
  echo hello | ferromq produce --topic greetings     send lines as messages
  ferromq consume --topic greetings                  print messages

Environment:
  FERROMQ_LOG     what is logged to standard error: error, warn, info, debug, trace, or by part,
                  as in `info,ferromq_net=debug` [default: info]
  NAMESRV_ADDR    name servers of a broker or client, `host:port;host:port`

Exit codes: 0 stopped on request, 1 could not start, 2 bad command line, 3 the disk failed while running."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a name server and a broker in one process; needs no configuration
    Standalone(Standalone),
    /// Run a name server: it tells clients which broker has which topic
    Namesrv(Namesrv),
    /// Run a broker: it stores and delivers messages
    Broker(Broker),
    /// Drive any RocketMQ-compatible broker with load and report rate, latency and cost
    Bench(ferromq_bench::BenchArgs),
    /// Send lines of the standard input as messages
    Produce(ProduceArgs),
    /// Print messages
    Consume(ConsumeArgs),
    /// Make the links mqnamesrv, mqbroker, mqshutdown and mqadmin, for scripts made for RocketMQ
    InstallLinks(InstallLinks),
}

#[derive(Debug, Args)]
#[command(after_help = "\
The directory holds everything: message store, topics, consumer progress. It is created if missing, and a later start
with the same directory goes on where the last one ended. Every message that was acknowledged survives `kill -9`.

Point any RocketMQ client at the name server port; the broker's address it finds by itself.
Stop with Ctrl-C or SIGTERM.")]
pub(crate) struct Standalone {
    /// Directory of all data
    #[arg(long, value_name = "DIR", default_value = "./ferromq-data")]
    pub(crate) data: PathBuf,
    /// Address to listen on; the default is all addresses of this host [default: 0.0.0.0]
    #[arg(long, value_name = "IP")]
    pub(crate) listen: Option<IpAddr>,
    /// Port of the name server; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 9876)]
    pub(crate) namesrv_port: u16,
    /// Port of the broker; 0 takes a free one [default: 10911, or `listenPort` of the file]
    #[arg(long, value_name = "PORT")]
    pub(crate) broker_port: Option<u16>,
    /// Broker configuration, in RocketMQ's format (broker.conf)
    #[arg(short, long = "config", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Namesrv {
    /// Configuration, in RocketMQ's format (namesrv.conf)
    #[arg(short, long = "config", alias = "configFile", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Print the configuration and exit
    #[arg(short, long = "print", alias = "printConfigItem")]
    pub(crate) print: bool,
    /// Accepted because RocketMQ's name server accepts it; without effect
    #[arg(
        short,
        long,
        alias = "namesrvAddr",
        value_name = "HOST:PORT",
        hide = true
    )]
    pub(crate) namesrv: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Broker {
    /// Name servers to register with; overrides `namesrvAddr` of the file and NAMESRV_ADDR
    #[arg(short, long, alias = "namesrvAddr", value_name = "HOST:PORT;HOST:PORT")]
    pub(crate) namesrv: Option<String>,
    /// Configuration, in RocketMQ's format (broker.conf)
    #[arg(short, long = "config", alias = "configFile", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Print the whole configuration and exit
    #[arg(short, long = "print", alias = "printConfigItem")]
    pub(crate) print: bool,
    /// Print the important part of the configuration and exit
    #[arg(short = 'm', long, alias = "printImportantConfig")]
    pub(crate) print_important: bool,
}

#[derive(Debug, Args)]
pub(crate) struct InstallLinks {
    /// Directory for the links, such as /usr/local/bin
    pub(crate) dir: PathBuf,
}
