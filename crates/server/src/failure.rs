//! Why a command failed, and the exit code that tells.

use std::path::PathBuf;

use ferromq_config::PropertiesError;
use ferromq_config::broker::CheckError;
use ferromq_disk::DiskError;
use ferromq_net::StartError;
use thiserror::Error;

/// Why a role did not start, or stopped by itself.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// The configuration file cannot be read.
    #[error("cannot read the configuration {path}: {source}")]
    ConfigFile { path: PathBuf, source: DiskError },
    /// It is no properties file.
    #[error("cannot understand the configuration {path}: {source}")]
    ConfigText {
        path: PathBuf,
        source: PropertiesError,
    },
    /// The keys contradict each other.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// `bindAddress` is no IP address.
    #[error(
        "bindAddress `{0}` is no IP address: use 0.0.0.0 for all addresses of this host, or one of them"
    )]
    BindAddress(String),
    /// A port is taken.
    #[error(
        "port {port} of the {role} is in use: another program listens on it, perhaps another FerroMQ or RocketMQ. Stop that one (`ss -ltnp | grep {port}` shows it), or choose another port with {cure}"
    )]
    PortInUse {
        port: u16,
        role: &'static str,
        cure: &'static str,
    },
    /// The store cannot be opened.
    #[error("cannot open the message store: {0}")]
    Store(#[from] ferromq_storage::OpenError),
    /// The folder of the settings files cannot be made.
    #[error("cannot make a folder: {0}")]
    Folder(#[source] DiskError),
    /// The broker does not start.
    #[error("cannot start the broker: {0}")]
    Broker(#[from] ferromq_broker::broker::StartError),
    /// The broker did not stop cleanly.
    #[error("the broker did not stop cleanly: {0}. The next start recovers")]
    BrokerStop(#[from] ferromq_broker::broker::StopError),
    /// The name server does not start.
    #[error("cannot start the name server: {0}")]
    Namesrv(#[from] ferromq_namesrv::OpenError),
    /// Sockets or threads are refused.
    #[error(transparent)]
    Net(#[from] StartError),
    /// The store failed while the broker ran.
    #[error(
        "the disk failed, the broker stopped: {0}. Every message that was acknowledged before is kept; repair the disk and start again"
    )]
    Disk(String),
    /// The asynchronous runtime of the main thread is refused.
    #[error("cannot start the main loop: {0}")]
    MainLoop(#[source] std::io::Error),
}

impl Failure {
    /// Exit code of the sub-commands.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Disk(_) => 3,
            _ => 1,
        }
    }

    /// Exit code of RocketMQ's own programs: 253 (-3) for a wrong configuration and a store that cannot be loaded,
    /// 255 (-1) for everything else.
    pub(crate) fn legacy_code(&self) -> u8 {
        match self {
            Self::Check(_) | Self::Store(_) | Self::Broker(_) | Self::Namesrv(_) => 253,
            _ => 255,
        }
    }
}
