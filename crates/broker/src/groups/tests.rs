//! Group settings and their file.

use std::path::Path;
use std::sync::Arc;

use ferromq_base::Millis;
use ferromq_base::clock::ManualClock;
use ferromq_disk::RealDisk;

use super::*;
use crate::settings_file::SettingsFile;

const GROUP: &str = "\t\t\"GroupA\":{\n\t\t\t\"attributes\":{},\n\t\t\t\"brokerId\":0,\n\t\t\t\"consumeBroadcastEnable\":true,\n\t\t\t\"consumeEnable\":true,\n\t\t\t\"consumeFromMinEnable\":true,\n\t\t\t\"consumeMessageOrderly\":false,\n\t\t\t\"consumeTimeoutMinute\":15,\n\t\t\t\"groupName\":\"GroupA\",\n\t\t\t\"groupRetryPolicy\":{\n\t\t\t\t\"type\":\"CUSTOMIZED\"\n\t\t\t},\n\t\t\t\"groupSysFlag\":0,\n\t\t\t\"notifyConsumerIdsChangedEnable\":true,\n\t\t\t\"retryMaxTimes\":16,\n\t\t\t\"retryQueueNums\":1,\n\t\t\t\"whichBrokerWhenConsumeSlowly\":1\n\t\t}";

fn open(dir: &Path, auto_create: bool) -> Groups {
    let file = SettingsFile::new(Arc::new(RealDisk), dir.join("subscriptionGroup.json"));
    let clock = Arc::new(ManualClock::at(Millis(1_700_000_000_000)));
    Groups::open(auto_create, file, clock).unwrap()
}

fn text(dir: &Path) -> String {
    std::fs::read_to_string(dir.join("subscriptionGroup.json")).unwrap()
}

#[test]
fn a_group_is_made_on_use_and_written_as_java_writes_it() {
    let dir = tempfile::tempdir().unwrap();
    let groups = open(dir.path(), true);
    let made = groups.find_or_create("GroupA").unwrap();
    assert_eq!((made.retry_queues, made.retry_max_times), (1, 16));
    groups.save().unwrap();
    assert!(text(dir.path()).contains(GROUP), "{}", text(dir.path()));
    assert!(text(dir.path()).starts_with("{\n\t\"dataVersion\":{\n\t\t\"counter\":1,"));
    let generation = groups.generation();
    groups.find_or_create("GroupA").unwrap();
    assert_eq!(groups.generation(), generation);
}

#[test]
fn what_the_broker_only_keeps_survives() {
    let dir = tempfile::tempdir().unwrap();
    let kept = r#"{"forbiddenTable":{"G":{"T":4}},"subscriptionGroupTable":{"G":{"consumeEnable":false,"groupName":"G","groupRetryPolicy":{"exponentialRetryPolicy":{"initial":5000,"max":7200000,"multiplier":2},"type":"EXPONENTIAL"},"retryQueueNums":-1,"subscriptionDataSet":[{"topic":"T","version":1}],"unknown":1}}}"#;
    std::fs::write(dir.path().join("subscriptionGroup.json"), kept).unwrap();
    let groups = open(dir.path(), true);
    let group = groups.find("G").unwrap();
    assert!(!group.consume_enable && group.consume_broadcast_enable);
    assert_eq!(
        group.retry_queues, 0,
        "messages that are sent back are dropped"
    );
    groups.find_or_create("H").unwrap();
    groups.save().unwrap();
    let text = text(dir.path());
    assert!(
        text.contains("\"forbiddenTable\":{\n\t\t\"G\":{\n\t\t\t\"T\":4\n\t\t}\n\t}"),
        "{text}"
    );
    assert!(text.contains("\"multiplier\":2") && text.contains("\"subscriptionDataSet\":[{"));
}

#[test]
fn groups_are_not_made_without_leave_or_a_legal_name() {
    let dir = tempfile::tempdir().unwrap();
    let groups = open(dir.path(), false);
    assert!(groups.find_or_create("G").is_none());
    assert!(groups.find_or_create("CID_RMQ_SYS_X").is_some());
    assert!(
        groups.find_or_create("TOOLS_CONSUMER").is_some(),
        "every broker has it"
    );
    groups.set_auto_create(true);
    assert!(groups.find_or_create("bad name").is_none());
    assert!(groups.find_or_create(&"g".repeat(256)).is_none());
    assert!(groups.find_or_create("G").is_some());
}

#[test]
fn groups_are_replaced_and_removed() {
    let dir = tempfile::tempdir().unwrap();
    let groups = open(dir.path(), false);
    let group = GroupConfig {
        retry_max_times: 3,
        ..GroupConfig::new("G")
    };
    assert!(groups.put(group.clone()));
    let generation = groups.generation();
    assert!(groups.put(group));
    assert_eq!(
        groups.generation(),
        generation,
        "the same again is no change"
    );
    assert_eq!(groups.find("G").unwrap().retry_max_times, 3);
    assert!(groups.remove("G"));
    assert!(!groups.remove("G"));
    assert!(groups.find("G").is_none());
}
