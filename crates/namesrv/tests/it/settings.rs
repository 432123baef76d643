//! Key-value settings and the name server's own.

use crate::support::{start, start_in};

#[test]
fn key_value_settings_are_written_read_listed_deleted_and_kept() {
    let server = start("");
    let mut client = server.connect();
    let key = [("namespace", "N"), ("key", "k")];
    assert_eq!(
        client.call(101, &key).status(),
        (22, "No config item, Namespace: N Key: k")
    );
    assert_eq!(
        client.call(219, &key).status(),
        (22, "No config item, Namespace: N")
    );
    assert_eq!(
        client.call(102, &key).status(),
        (0, ""),
        "nothing to delete is fine"
    );
    let put = [("namespace", "N"), ("key", "k"), ("value", "v=\"1\"")];
    assert_eq!(client.call(100, &put).status(), (0, ""));
    assert_eq!(client.call(101, &key).field("value"), Some("v=\"1\""));
    assert_eq!(client.call(219, &key).body, r#"{"table":{"k":"v=\"1\""}}"#);
    drop(client);

    let server = start_in(server.stop(), "");
    let mut client = server.connect();
    assert_eq!(client.call(101, &key).field("value"), Some("v=\"1\""));
    assert_eq!(client.call(102, &key).status(), (0, ""));
    assert_eq!(client.call(101, &key).code, 22);
    assert_eq!(client.call(219, &key).body, r#"{"table":{}}"#);
}

#[test]
fn a_setting_without_a_name_is_refused() {
    let server = start("");
    let mut client = server.connect();
    for fields in [
        &[("key", "k"), ("value", "v")][..],
        &[("namespace", "N"), ("value", "v")],
    ] {
        assert_eq!(
            client.call(100, fields).status(),
            (1, "namespace or key is null")
        );
    }
}

#[test]
fn one_way_changes_are_made_without_an_answer() {
    let server = start("");
    let mut client = server.connect();
    client.oneway(
        100,
        &[("namespace", "N"), ("key", "k"), ("value", "v")],
        b"",
    );
    crate::support::wait_for("the change", || {
        client.call(101, &[("namespace", "N"), ("key", "k")]).code == 0
    });
}

#[test]
fn own_settings_are_read_changed_and_saved() {
    let server = start("mine=1");
    let mut client = server.connect();
    let text = client.call(319, &[]).body;
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.is_sorted());
    for line in [
        "mine=1",
        "orderMessageEnable=false",
        "serverChannelMaxIdleTimeSeconds=120",
    ] {
        assert!(lines.contains(&line), "{line}");
    }
    let change = b"orderMessageEnable=true\nlistenPort=1\n";
    assert_eq!(client.call_with(318, &[], change).status(), (0, ""));
    let text = client.call(319, &[]).body;
    assert!(text.contains("orderMessageEnable=true\n") && text.contains("listenPort=1\n"));
    let saved = std::fs::read_to_string(server.dir.path().join("namesrv.properties")).unwrap();
    assert_eq!(saved, "listenPort=1\nmine=1\norderMessageEnable=true\n");
}

#[test]
fn paths_and_the_black_list_cannot_be_changed_over_the_network() {
    let server = start("configBlackList=mine;orderMessageEnable");
    let mut client = server.connect();
    for key in [
        "configBlackList",
        "configStorePath",
        "kvConfigPath",
        "rocketmqHome",
        "orderMessageEnable",
    ] {
        let change = format!("enableTopicList=false\n{key}=/tmp/x");
        let reply = client.call_with(318, &[], change.as_bytes());
        assert_eq!(
            reply.status(),
            (16, "Can not update config in black list."),
            "{key}"
        );
    }
    assert!(
        client
            .call(319, &[])
            .body
            .contains("enableTopicList=true\n")
    );
    let reply = client.call_with(318, &[], b"a=\\u12");
    assert_eq!(reply.status(), (1, "string2Properties error"));
}
