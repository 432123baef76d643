//! GET_BROKER_CONFIG: the broker's keys as `key=value` lines.

use ferromq_base::Millis;
use ferromq_config::BrokerConfig;
use ferromq_config::key::Group as _;
use ferromq_wire::body::{self, DataVersion};

use crate::call::{Answer, Outcome};

/// Answers the keys sorted by name; those without a value are left out. `started` is when they were read.
pub(crate) fn get(config: &BrokerConfig, started: Millis) -> Outcome {
    let version = DataVersion {
        timestamp: started.0,
        ..DataVersion::default()
    };
    let version = String::from_utf8_lossy(&body::encode(&version)).into_owned();
    let keys = config.keys().iter().enumerate();
    let mut lines: Vec<String> = keys
        .map(|(index, key)| (key.name, config.text(index)))
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={value}\n"))
        .collect();
    lines.sort_unstable();
    Ok(Answer::ok()
        .field("version", version)
        .body(lines.concat().into_bytes()))
}
