//! What every producer and consumer has in common: where the name servers are, what the client calls itself, and how often
//! it looks after its connections.

use std::time::Duration;

use ferromq_wire::frame::SerializeType;

use crate::error::StartError;

/// Environment variable that names the name servers when the program does not.
pub const NAMESRV_ADDR: &str = "NAMESRV_ADDR";
/// Where the name server is looked for when neither program nor environment says.
pub const NAMESRV_DEFAULT: &str = "127.0.0.1:9876";

/// Settings common to producers and consumers. The defaults are RocketMQ's.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// Name server addresses as `host:port`, separated by semicolons. Default: the environment variable `NAMESRV_ADDR`, else
    /// `127.0.0.1:9876`.
    pub name_servers: Option<String>,
    /// Second part of the client id. Default: something unique to this process and client. Members of a group must differ.
    pub instance_name: Option<String>,
    /// How often routes are asked for anew.
    pub route_interval: Duration,
    /// How often brokers are told that the client lives.
    pub heartbeat_interval: Duration,
    /// Longest time for a call that is not a send or a pull.
    pub call_timeout: Duration,
    /// Header form of what is sent.
    pub serialize: SerializeType,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            name_servers: None,
            instance_name: None,
            route_interval: Duration::from_secs(30),
            heartbeat_interval: Duration::from_secs(30),
            call_timeout: Duration::from_secs(3),
            serialize: SerializeType::Json,
        }
    }
}

impl ClientOptions {
    /// The name server addresses, from the setting, the environment or the default.
    pub(crate) fn name_server_list(&self) -> Result<Vec<String>, StartError> {
        let given = self.name_servers.clone();
        let text = given
            .or_else(|| std::env::var(NAMESRV_ADDR).ok())
            .unwrap_or_else(|| NAMESRV_DEFAULT.to_owned());
        let mut addrs: Vec<String> = Vec::new();
        for addr in text
            .split([';', ','])
            .map(str::trim)
            .filter(|addr| !addr.is_empty())
        {
            let has_port = addr
                .rsplit_once(':')
                .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
            if !has_port {
                return Err(StartError::BadNameServer(addr.to_owned()));
            }
            if !addrs.iter().any(|present| present == addr) {
                addrs.push(addr.to_owned());
            }
        }
        if addrs.is_empty() {
            return Err(StartError::BadNameServer(text));
        }
        Ok(addrs)
    }
}

/// Setters that every builder has; `$field` is where the builder keeps its [`ClientOptions`].
macro_rules! common_setters {
    ($field:ident) => {
        /// Name server addresses as `host:port`, separated by semicolons. Default: the environment variable
        /// `NAMESRV_ADDR`, else `127.0.0.1:9876`.
        pub fn name_servers(mut self, addrs: impl Into<String>) -> Self {
            self.$field.name_servers = Some(addrs.into());
            self
        }

        /// Second part of the client id (`<ip>@<instance name>`). Members of a group must differ; by default they do.
        pub fn instance_name(mut self, name: impl Into<String>) -> Self {
            self.$field.instance_name = Some(name.into());
            self
        }

        /// All settings that producers and consumers share, at once.
        pub fn client_options(mut self, options: $crate::options::ClientOptions) -> Self {
            self.$field = options;
            self
        }
    };
}
pub(crate) use common_setters;

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Result<Vec<String>, StartError> {
        let options = ClientOptions {
            name_servers: Some(text.to_owned()),
            ..ClientOptions::default()
        };
        options.name_server_list()
    }

    #[test]
    fn addresses_are_separated_trimmed_and_checked() {
        assert_eq!(list(" a:1; b:2 ;;a:1").unwrap(), ["a:1", "b:2"]);
        for bad in ["", ";", "a", "a:", ":1", "a:x", "a:70000", "a:1;b"] {
            assert!(list(bad).is_err(), "{bad}");
        }
    }
}
