//! Changes while a program runs.

use ferromq_config::{BrokerSettings, Env, Notice, Properties, Selection, UpdateError};

fn settings(text: &str) -> BrokerSettings {
    BrokerSettings::read(text.as_bytes(), &Env::default())
        .unwrap()
        .0
}

fn update(settings: &mut BrokerSettings, text: &str) -> Result<Vec<String>, UpdateError> {
    let changes = Properties::parse(text.as_bytes()).unwrap();
    let notices = settings.update(&changes, "brokerConfigPath; black")?;
    Ok(notices.iter().map(Notice::to_string).collect())
}

#[test]
fn live_keys_change_at_once_and_fixed_ones_wait() {
    let mut settings = settings("brokerName=a");
    let notices = update(
        &mut settings,
        "brokerPermission=4\nlistenPort=1\nflushDiskType=SYNC_FLUSH",
    )
    .unwrap();
    assert_eq!(
        notices,
        [
            "key `listenPort` is saved and takes effect at the next start",
            "key `flushDiskType` is saved and takes effect at the next start",
        ]
    );
    assert_eq!(settings.groups.broker.broker_permission, 4);
    assert_eq!(settings.groups.broker.listen_port, 10911);
    let dump = settings.dump(Selection::All);
    assert!(dump.contains("\nlistenPort=1\n") && dump.contains("\nflushDiskType=SYNC_FLUSH\n"));
    assert_eq!(
        settings.file_text(),
        "brokerName=a\nbrokerPermission=4\nflushDiskType=SYNC_FLUSH\nlistenPort=1\n"
    );
}

#[test]
fn unknown_keys_change_only_if_the_file_has_them() {
    let mut settings = settings("mine=1");
    assert_eq!(
        update(&mut settings, "mine=2\nother=3\nslaveTimeout=5")
            .unwrap()
            .len(),
        3
    );
    assert_eq!(settings.file_text(), "mine=2\nslaveTimeout=5\n");
}

#[test]
fn black_listed_keys_refuse_the_whole_change() {
    let mut settings = settings("");
    for key in [
        "configBlackList",
        "brokerConfigPath",
        "black",
        "rocketmqHome",
    ] {
        let error = update(&mut settings, &format!("brokerPermission=2\n{key}=x")).unwrap_err();
        assert_eq!(
            error,
            UpdateError::BlackListed {
                key: key.to_owned()
            }
        );
    }
    assert_eq!(settings.groups.broker.broker_permission, 6);
    assert_eq!(settings.file_text(), "");
}
