//! RocketMQ's own program names: links, options, boot lines, exit codes.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::process::{Process, ferromq, run};

/// The binary under a name of its own with its links in `dir`: `mqshutdown` stops processes of the same program file
/// only, which keeps other tests out of its reach. A hard link and no copy: a file that was just written cannot be run
/// while another test's fork still holds its descriptor.
fn install(dir: &Path) -> impl Fn(&str) -> PathBuf + use<> {
    let program = dir.join("ferromq");
    std::fs::hard_link(ferromq(), &program).unwrap();
    let links = dir.join("bin");
    for _ in 0..2 {
        let (code, out, error) = run(&program, &["install-links", links.to_str().unwrap()]);
        assert_eq!((code, out.lines().count()), (0, 4), "{error}");
    }
    move |name| links.join(name)
}

/// A folder on the file system of the binary.
fn folder() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

#[test]
fn links_do_not_replace_what_is_there() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("mqbroker"), "#!/bin/sh").unwrap();
    let (code, _, error) = run(ferromq(), &["install-links", dir.path().to_str().unwrap()]);
    assert_eq!(code, 1);
    assert!(error.contains("mqbroker"), "{error}");
}

#[test]
fn mqbroker_prints_its_configuration_and_warns_of_odd_keys() {
    let dir = folder();
    let bin = install(dir.path());
    let conf = dir.path().join("broker.conf");
    std::fs::write(
        &conf,
        "brokerName=broker-a\nbrokerNam=x\nmapedFileSizeCommitLog=65536\nfileReservedTime=48h\n",
    )
    .unwrap();
    let (code, all, log) = run(&bin("mqbroker"), &["-c", conf.to_str().unwrap(), "-p"]);
    assert_eq!(code, 0);
    let is_item = |line: &str, item: &str| {
        line.ends_with(&format!(" INFO main - {item}")) && line.len() == 19 + 13 + item.len()
    };
    for item in [
        "brokerName=broker-a",
        "mappedFileSizeCommitLog=65536",
        "listenPort=10911",
    ] {
        assert!(
            all.lines().any(|line| is_item(line, item)),
            "{item} is missing in {all}"
        );
    }
    assert!(
        log.contains("brokerNam") && log.contains("did you mean `brokerName`"),
        "{log}"
    );
    assert!(log.contains("mapedFileSizeCommitLog"), "{log}");
    let (code, important, _) = run(&bin("mqbroker"), &["-m"]);
    assert_eq!(code, 0);
    assert!(important.lines().count() < all.lines().count());
}

#[test]
fn exit_codes_are_those_scripts_know() {
    let dir = folder();
    let bin = install(dir.path());
    let (broker, namesrv) = (bin("mqbroker"), bin("mqnamesrv"));
    for (program, arguments, code, word) in [
        (&namesrv, &["-x"][..], 1, "-x"),
        (&broker, &["-x"], 1, "-x"),
        (&namesrv, &["-h"], 0, "Usage"),
        (&broker, &["-n", "not an address"], 253, "host:port"),
        (&broker, &["-c", "/does/not/exist"], 255, "/does/not/exist"),
        (&broker, &["--enable-proxy"], 1, "proxy"),
        (&namesrv, &["-p"], 0, "listenPort=9876"),
        (&bin("mqshutdown"), &["nonsense"], 0, "Usage"),
        (&bin("mqshutdown"), &["broker"], 1, "No mqbroker running."),
        (&bin("mqadmin"), &["clusterList"], 1, "not built"),
    ] {
        let (found, out, error) = run(program, arguments);
        assert_eq!(found, code, "{program:?} {arguments:?}: {out} {error}");
        assert!(
            out.contains(word) || error.contains(word),
            "{program:?} {arguments:?}: {out} {error}"
        );
    }
}

#[test]
fn mqnamesrv_boots_and_mqshutdown_stops_it() {
    let dir = folder();
    let bin = install(dir.path());
    let conf = dir.path().join("namesrv.conf");
    let conf_path = conf.to_str().unwrap();
    let kv = dir.path().join("kv.json");
    std::fs::write(
        &conf,
        format!("listenPort=0\nkvConfigPath={}\n", kv.display()),
    )
    .unwrap();
    let mut namesrv = Process::start(&bin("mqnamesrv"), &["-c", conf_path], "boot success");
    assert_eq!(
        namesrv.banner[0],
        format!("load config properties file OK, {conf_path}")
    );
    let line = &namesrv.banner[1];
    assert!(
        line.starts_with("The Name Server boot success. serializeType=JSON, address 0.0.0.0:"),
        "{line}"
    );

    let (code, out, _) = run(&bin("mqshutdown"), &["namesrv"]);
    let pid = namesrv.pid().as_raw_nonzero();
    assert_eq!(code, 0, "{out}");
    let expected = [
        format!("The mqnamesrv({pid}) is running..."),
        format!("Send shutdown request to mqnamesrv({pid}) OK"),
    ];
    assert!(out.lines().eq(expected), "{out}");
    let (status, log) = namesrv.end();
    assert!(status.success(), "{log:#?}");
}
