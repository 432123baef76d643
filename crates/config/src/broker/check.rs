//! Relations between the keys of a broker, checked before anything opens.

use thiserror::Error;

use super::{BrokerConfig, BrokerRole};
use crate::addresses::{AddressesError, name_servers};
use crate::notice::Notice;

/// Why a broker cannot start with these keys. RocketMQ's exit code is -3 for all of them.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CheckError {
    /// `namesrvAddr` cannot be read.
    #[error("namesrvAddr: {0}")]
    NamesrvAddr(#[from] AddressesError),
    /// A slave with the id of a master.
    #[error("Slave's brokerId must be > 0")]
    SlaveId,
    /// A slave, which cannot be run yet.
    #[error(
        "brokerRole SLAVE is not supported yet: start a master, or Apache RocketMQ for the slave"
    )]
    Slave,
    /// A name that cannot be a topic or a file name.
    #[error("{key}: `{value}` must be 1 to 127 letters, digits, `-`, `_`, `%`, `|` or `.`")]
    Name {
        /// The key.
        key: &'static str,
        /// Its value.
        value: String,
    },
}

impl BrokerConfig {
    /// Checks what one key alone cannot show, and sets what follows from other keys.
    pub fn check(&mut self) -> Result<Vec<Notice>, CheckError> {
        check_name("brokerName", &self.broker_name)?;
        check_name("brokerClusterName", &self.cluster_name)?;
        name_servers(self.namesrv_addr.as_deref().unwrap_or_default())?;
        match self.broker_role {
            BrokerRole::Slave if self.broker_id <= 0 => Err(CheckError::SlaveId),
            BrokerRole::Slave => Err(CheckError::Slave),
            BrokerRole::AsyncMaster | BrokerRole::SyncMaster => Ok(self.become_master()),
        }
    }

    /// A master has the id 0, whatever is written.
    fn become_master(&mut self) -> Vec<Notice> {
        if self.broker_id == 0 {
            return Vec::new();
        }
        let value = self.broker_id.to_string();
        self.broker_id = 0;
        vec![Notice::Overruled {
            key: "brokerId",
            value,
            used: "0".to_owned(),
            by: "brokerRole",
        }]
    }
}

/// Cluster and broker names become topics, so they obey the rules of topic names; a dot is allowed because host names
/// have it.
fn check_name(key: &'static str, value: &str) -> Result<(), CheckError> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-_%|.".contains(c);
    if (1..=127).contains(&value.len()) && value.chars().all(is_allowed) {
        return Ok(());
    }
    Err(CheckError::Name {
        key,
        value: value.to_owned(),
    })
}
