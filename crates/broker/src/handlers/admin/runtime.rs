//! GET_BROKER_RUNTIME_INFO: what the broker is doing, as a table of texts.

use std::collections::BTreeMap;
use std::time::Duration;

use ferromq_base::Millis;
use ferromq_storage::Store;
use ferromq_wire::body::{self, KvTable};

use crate::call::{Answer, Outcome};

/// Release whose behaviour this broker has; tools look for a number they know.
const RELEASE: &str = "V5_3_3";
/// Three rates that are not known, as RocketMQ shows them before its windows have filled.
const UNKNOWN_RATES: &str = "  ";

/// Numbers that are always zero: requests do not wait in queues here.
const NO_QUEUES: [&str; 10] = [
    "sendThreadPoolQueueSize",
    "sendThreadPoolQueueHeadWaitTimeMills",
    "pullThreadPoolQueueSize",
    "pullThreadPoolQueueHeadWaitTimeMills",
    "queryThreadPoolQueueSize",
    "queryThreadPoolQueueHeadWaitTimeMills",
    "ackThreadPoolQueueSize",
    "ackThreadPoolQueueHeadWaitTimeMills",
    "EndTransactionQueueSize",
    "pageCacheLockTimeMills",
];

/// Answers what is known. Rates and counters are not kept by this version: rates are blank, counters left out.
pub(crate) fn get(store: &Store, started: Millis, now: Millis) -> Outcome {
    let (oldest, end) = store.log_range();
    let mut table = BTreeMap::from([
        ("bootTimestamp", started.to_string()),
        ("runtime", lifetime(now.since(started))),
        ("brokerActive", "true".to_owned()),
        ("brokerVersionDesc", RELEASE.to_owned()),
        ("ferromqVersion", env!("CARGO_PKG_VERSION").to_owned()),
        ("commitLogMinOffset", oldest.to_string()),
        ("commitLogMaxOffset", end.to_string()),
        ("startAcceptSendRequestTimeStamp", "0".to_owned()),
    ]);
    for name in [
        "putTps",
        "getFoundTps",
        "getMissTps",
        "getTotalTps",
        "getTransferredTps",
        "getTransferedTps",
    ] {
        table.insert(name, UNKNOWN_RATES.to_owned());
    }
    for name in NO_QUEUES {
        table.insert(name, "0".to_owned());
    }
    let table = table
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    let table = KvTable {
        table: table.collect(),
    };
    Ok(Answer::ok().body(body::encode(&table)))
}

fn lifetime(time: Duration) -> String {
    let seconds = time.as_secs();
    let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
    let (minutes, seconds) = (seconds / 60 % 60, seconds % 60);
    format!("[ {days} days, {hours} hours, {minutes} minutes, {seconds} seconds ]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_read_like_rocketmqs() {
        let text = lifetime(Duration::from_secs(2 * 86_400 + 3_600 + 125));
        assert_eq!(text, "[ 2 days, 1 hours, 2 minutes, 5 seconds ]");
    }
}
