//! Files with every kind of mistake, and what is made of them.

use std::time::Duration;

use ferromq_config::{
    BrokerRole, BrokerSettings, Env, FlushDiskType, NamesrvSettings, Notice, Selection,
};

fn broker(text: &str) -> (BrokerSettings, Vec<String>) {
    let (settings, notices) = BrokerSettings::read(text.as_bytes(), &Env::default()).unwrap();
    (settings, notices.iter().map(Notice::to_string).collect())
}

#[test]
fn the_sample_file_of_rocketmq_needs_no_warning() {
    let (settings, notices) = broker(
        "brokerClusterName = DefaultCluster\nbrokerName = broker-a\nbrokerId = 0\ndeleteWhen = 04\n\
         fileReservedTime = 48\nbrokerRole = ASYNC_MASTER\nflushDiskType = ASYNC_FLUSH\n",
    );
    assert_eq!(settings.groups.broker.broker_name, "broker-a");
    assert_eq!(settings.groups.broker.broker_role, BrokerRole::AsyncMaster);
    assert_eq!(
        settings.groups.store.flush_disk_type,
        FlushDiskType::AsyncFlush
    );
    let store = &settings.groups.store;
    assert_eq!(store.delete_when, [4]);
    assert_eq!(store.file_reserved_time, Duration::from_secs(48 * 3_600));
    assert_eq!(notices, [""; 0]);
}

#[test]
fn hours_of_the_day_are_a_list() {
    let (settings, notices) = broker("deleteWhen=4; 16;\ndiskSpaceWarningLevelRatio=95");
    assert_eq!(settings.groups.store.delete_when, [4, 16]);
    assert!(settings.dump(Selection::All).contains("deleteWhen=04;16\n"));
    assert_eq!(settings.groups.store.disk_space_warning_level_ratio, 90);
    assert_eq!(notices.len(), 1);
    for wrong in ["24", "", "4,16", "-1"] {
        let (settings, notices) = broker(&format!("deleteWhen={wrong}"));
        assert_eq!(settings.groups.store.delete_when, [4], "{wrong}");
        assert_eq!(notices.len(), 1, "{wrong}");
    }
}

#[test]
fn each_mistake_gets_one_clear_line() {
    for (text, expected) in [
        (
            "brokerNmae=a",
            "key `brokerNmae` is unknown and ignored; did you mean `brokerName`?",
        ),
        (
            "brokername=a",
            "key `brokername` is unknown and ignored; did you mean `brokerName`?",
        ),
        (
            "fileReservedTim=1",
            "key `fileReservedTim` is unknown and ignored; did you mean `fileReservedTime`?",
        ),
        (
            "whatIsThisEvenFor=1",
            "key `whatIsThisEvenFor` is unknown and ignored",
        ),
        (
            "listenPort=abc",
            "key `listenPort`: `abc` is not allowed (allowed: a whole number from 0 to 65535); `10911` is used instead",
        ),
        (
            "listenPort=70000",
            "key `listenPort`: `70000` is not allowed (allowed: a whole number from 0 to 65535); `10911` is used instead",
        ),
        (
            "registerNameServerPeriod=1",
            "key `registerNameServerPeriod`: `1` is not allowed (allowed: a whole number from 10000 to 60000); \
             `10000` is used instead",
        ),
        (
            "maxMessageSize=4M",
            "key `maxMessageSize`: `4M` is not allowed (allowed: a whole number from 1 to 16000000); \
             `4194304` is used instead",
        ),
        (
            "autoCreateTopicEnable=yes",
            "key `autoCreateTopicEnable`: `yes` is not allowed (allowed: true or false); `false` is used instead",
        ),
        (
            "flushDiskType=SYNC",
            "key `flushDiskType`: `SYNC` is not allowed (allowed: one of ASYNC_FLUSH, SYNC_FLUSH); \
             `ASYNC_FLUSH` is used instead",
        ),
        (
            "messageDelayLevel=1s 5x",
            "key `messageDelayLevel`: `1s 5x` is not allowed (allowed: 1 to 128 delays such as `1s 5s 2m 1h`, \
             units s, m, h, d); `1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h` is used instead",
        ),
        (
            "storePathIndex=/x",
            "`storePathIndex` is no key and ignored: the path is derived from `storePathRootDir`",
        ),
        (
            "slaveReadEnable=true",
            "key `slaveReadEnable` is known but has no effect yet: replication and groups of replicas",
        ),
        (
            "topicQueueLockNum=64",
            "key `topicQueueLockNum` has no effect: a whole batch of messages is appended under one lock",
        ),
        (
            "brokerName=a\nbrokerName=b",
            "key `brokerName` occurs more than once; line 2 is used",
        ),
        (
            "mapedFileSizeCommitLog=1048576",
            "key `mapedFileSizeCommitLog` is an old spelling of `mappedFileSizeCommitLog`; it works, please rename it",
        ),
        (
            "mappedFileSizeCommitLog=1048576\nmapedFileSizeCommitLog=2097152",
            "key `mapedFileSizeCommitLog` is an old spelling and ignored because `mappedFileSizeCommitLog` is set, too",
        ),
    ] {
        assert_eq!(broker(text).1, [expected], "{text}");
    }
}

#[test]
fn values_are_trimmed_and_typed() {
    let (settings, notices) = broker(
        "autoCreateTopicEnable = FALSE \nlistenPort = 20911\t\nsyncFlushTimeout=250 \nserverChannelMaxIdleTimeSeconds = 9\n\
         mapedFileSizeCommitLog=1048576\nbrokerIP1=\nnamesrvAddr = a:1;b:2 ",
    );
    assert_eq!(notices.len(), 1, "{notices:?}");
    let groups = settings.groups;
    assert!(!groups.broker.auto_create_topic_enable);
    assert_eq!(groups.broker.listen_port, 20911);
    assert_eq!(groups.broker.sync_flush_timeout, Duration::from_millis(250));
    assert_eq!(groups.net.channel_max_idle, Duration::from_secs(9));
    assert_eq!(groups.store.commit_log_file_bytes, 1_048_576);
    assert_eq!(groups.broker.broker_ip1, None);
    assert_eq!(groups.broker.namesrv_addr.as_deref(), Some("a:1;b:2"));
}

#[test]
fn the_environment_gives_defaults_which_the_file_and_then_the_command_line_overrule() {
    let env = Env::from_variables(|name| match name {
        "HOME" => Some("/home/u".to_owned()),
        "NAMESRV_ADDR" => Some("env:1".to_owned()),
        "HOSTNAME" => Some("  ".to_owned()),
        _ => None,
    });
    let (mut settings, _) = BrokerSettings::read(b"", &env).unwrap();
    assert_eq!(
        settings.groups.broker.namesrv_addr.as_deref(),
        Some("env:1")
    );
    assert_eq!(settings.groups.broker.broker_name, "DEFAULT_BROKER");
    assert_eq!(settings.groups.store.root_dir, "/home/u/store");
    assert!(settings.overrule("namesrvAddr", "cli:1").is_empty());
    assert_eq!(
        settings.groups.broker.namesrv_addr.as_deref(),
        Some("cli:1")
    );
    assert_eq!(settings.file_text(), "");

    let (settings, _) = BrokerSettings::read(b"namesrvAddr=file:1", &env).unwrap();
    assert_eq!(
        settings.groups.broker.namesrv_addr.as_deref(),
        Some("file:1")
    );
}

#[test]
fn a_dump_is_sorted_complete_and_reads_back_to_the_same() {
    let (settings, _) = broker("brokerName=b\nmyKey=ü\nfileReservedTime=48\nbrokerIP1=10.0.0.1");
    let dump = settings.dump(Selection::All);
    let lines: Vec<&str> = dump.lines().collect();
    assert!(lines.is_sorted());
    for line in [
        "brokerName=b",
        "myKey=\\u00FC",
        "fileReservedTime=48",
        "deleteWhen=04",
        "brokerIP1=10.0.0.1",
    ] {
        assert!(lines.contains(&line), "{line} in {dump}");
    }
    assert!(!dump.contains("brokerIP2"), "absent values are left out");
    let (again, _) = broker(&dump);
    assert_eq!(again.groups, settings.groups);
    assert_eq!(again.dump(Selection::All), dump);

    let important = settings.dump(Selection::Important);
    assert!(important.contains("brokerName=b\n") && !important.contains("deleteWhen"));
}

#[test]
fn a_broker_file_is_checked_as_a_whole() {
    let check = |text: &str| {
        let mut groups = broker(text).0.groups;
        let notices = groups.broker.check().map_err(|error| error.to_string())?;
        Ok::<_, String>((groups.broker.broker_id, notices))
    };
    assert_eq!(check("brokerName=a").unwrap(), (0, vec![]));
    let (id, notices) = check("brokerId=7").unwrap();
    assert_eq!((id, notices.len()), (0, 1), "a master has the id 0");
    assert_eq!(
        check("brokerRole=SLAVE").unwrap_err(),
        "Slave's brokerId must be > 0"
    );
    assert!(
        check("brokerRole=SLAVE\nbrokerId=1")
            .unwrap_err()
            .contains("not supported yet")
    );
    assert!(
        check("namesrvAddr=a,b")
            .unwrap_err()
            .contains("`a,b` is no name server address")
    );
    assert!(
        check("brokerName=a/b")
            .unwrap_err()
            .contains("brokerName: `a/b` must be")
    );
    assert!(
        check("brokerClusterName=")
            .unwrap_err()
            .contains("brokerClusterName")
    );
}

#[test]
fn a_name_server_file_knows_its_own_keys_only() {
    let (settings, notices) = NamesrvSettings::read(
        b"listenPort=1\norderMessageEnable=true\nbrokerName=a",
        &Env::default(),
    )
    .unwrap();
    assert_eq!(settings.groups.namesrv.listen_port, 1);
    assert!(settings.groups.namesrv.order_message_enable);
    assert_eq!(notices.len(), 1);
}
