//! Where the name servers are.

use clap::Args;
use ferromq_client::{NAMESRV_ADDR, NAMESRV_DEFAULT};

/// The option that names the name servers.
#[derive(Args, Clone, Debug)]
pub struct NameServerArgs {
    /// Name servers as host:port, separated by semicolons [default: $NAMESRV_ADDR, else 127.0.0.1:9876]
    #[arg(short = 'n', long = "namesrv", value_name = "ADDRS")]
    addrs: Option<String>,
}

impl NameServerArgs {
    /// The option, else the environment variable, else the default.
    #[must_use]
    pub fn addrs(&self) -> String {
        let given = self
            .addrs
            .clone()
            .or_else(|| std::env::var(NAMESRV_ADDR).ok());
        given.unwrap_or_else(|| NAMESRV_DEFAULT.to_owned())
    }
}
