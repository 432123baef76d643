//! GET_BROKER_RUNTIME_INFO: what the broker is doing, as a table of texts.

use std::collections::BTreeMap;
use std::time::Duration;

use ferromq_base::Millis;
use ferromq_disk::Space;
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
        (
            "damagedMessages",
            store.damaged_messages().len().to_string(),
        ),
        ("startAcceptSendRequestTimeStamp", "0".to_owned()),
    ]);
    let oldest = store.oldest_time().ok().flatten().unwrap_or(Millis(-1));
    table.insert("earliestMessageTimeStamp", oldest.to_string());
    let space = store.disk_space().ok();
    let ratios = space.as_ref().map_or((-1.0, -1.0), |space| {
        (ratio(space.log), ratio(space.queues))
    });
    table.insert("commitLogDiskRatio", format!("{:?}", ratios.0));
    table.insert("consumeQueueDiskRatio", format!("{:?}", ratios.1));
    let of_path = space
        .as_ref()
        .map(|space| format!("commitLogDiskRatio_{}", space.log_dir.display()));
    if let Some(name) = &of_path {
        table.insert(name, format!("{:?}", ratios.0));
    }
    if let Some(space) = &space {
        let (total, free) = (readable(space.log.total), readable(space.log.available));
        table.insert(
            "commitLogDirCapacity",
            format!("Total : {total}, Free : {free}."),
        );
    }
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

/// The used share of a disk as RocketMQ shows it: whole percents, as a fraction.
fn ratio(space: Space) -> f64 {
    f64::from(space.used_percent()) / 100.0
}

/// A number of bytes in the largest unit that leaves a whole number, with one place behind the point.
fn readable(bytes: u64) -> String {
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let power = bytes.ilog2() / 10;
    let unit = b"KMGTPE"[power as usize - 1] as char;
    let tenths = u128::from(bytes) * 10 / (1 << (10 * power));
    format!("{}.{} {unit}iB", tenths / 10, tenths % 10)
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
    fn sizes_read_like_rocketmqs() {
        assert_eq!(readable(1023), "1023 B");
        assert_eq!(readable(1536), "1.5 KiB");
        assert_eq!(readable(49 << 30), "49.0 GiB");
        assert_eq!(readable(u64::MAX), "15.9 EiB");
    }

    #[test]
    fn lifetimes_read_like_rocketmqs() {
        let text = lifetime(Duration::from_secs(2 * 86_400 + 3_600 + 125));
        assert_eq!(text, "[ 2 days, 1 hours, 2 minutes, 5 seconds ]");
    }
}
