//! Start, first message, stop, and starts that must fail with a clear word.

use std::net::TcpListener;

use ferromq_wire::RemotingCommand;
use ferromq_wire::code::{RequestCode, ResponseCode};

use crate::client::Client;
use crate::process::{Process, ferromq, run, standalone};

#[test]
fn standalone_serves_clients_from_its_ready_line_on_and_stops_cleanly() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut process = Process::start(ferromq(), &standalone(&data), "ready");
    let broker = process.address("broker");

    let mut client = Client::connect(process.address("name server")).unwrap();
    let route = client.route("TBW102").unwrap();
    assert_eq!(
        route.response_code(),
        ResponseCode::SUCCESS,
        "{:?}",
        route.remark
    );
    let body = String::from_utf8(route.body.to_vec()).unwrap();
    assert!(
        body.contains(&format!("127.0.0.1:{}", broker.port())),
        "{body}"
    );

    let mut client = Client::connect(broker).unwrap();
    let first = client.send("greetings", 1, b"hello").unwrap().unwrap();
    assert_eq!((first.queue, first.offset), (1, 0));

    process.terminate();
    let (status, log) = process.end();
    assert!(status.success(), "{status} {log:#?}");
    assert!(log.iter().any(|line| line.contains("SIGTERM")), "{log:#?}");

    // A second start goes on where the first ended.
    let process = Process::start(ferromq(), &standalone(&data), "ready");
    let mut client = Client::connect(process.address("broker")).unwrap();
    let second = client.send("greetings", 1, b"again").unwrap().unwrap();
    assert_eq!((second.queue, second.offset), (1, 1));
}

#[test]
fn a_taken_port_is_named_with_a_cure() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for option in ["--namesrv-port", "--broker-port"] {
        let mut arguments = standalone(&data);
        let at = arguments
            .iter()
            .position(|argument| *argument == option)
            .unwrap();
        arguments[at + 1] = &port;
        let (code, _, error) = run(ferromq(), &arguments);
        assert_eq!(code, 1);
        assert!(error.contains(&port) && error.contains(option), "{error}");
    }
}

#[test]
fn a_file_of_a_broker_is_told_what_standalone_does_not_take_from_it() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("broker.conf");
    let elsewhere = dir.path().join("elsewhere");
    let text = format!(
        "storePathRootDir={}\nnamesrvAddr=a:9876\n",
        elsewhere.display()
    );
    std::fs::write(&file, text).unwrap();
    let data = dir.path().join("data");
    let mut arguments = standalone(&data);
    arguments.extend(["-c", file.to_str().unwrap()]);
    let mut process = Process::start(ferromq(), &arguments, "ready");
    process.terminate();
    let (_, log) = process.end();
    let told = |line: &&String| line.contains("storePathRootDir");
    let told: Vec<_> = log.iter().filter(told).collect();
    assert_eq!(told.len(), 1, "{log:#?}");
    for word in ["namesrvAddr", "are not used", data.to_str().unwrap()] {
        assert!(told[0].contains(word), "{told:?}");
    }
    assert!(!elsewhere.exists());
}

#[test]
fn two_processes_cannot_use_one_directory() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let _first = Process::start(ferromq(), &standalone(&data), "ready");
    let (code, _, error) = run(ferromq(), &standalone(&data));
    assert_eq!(code, 1);
    assert!(
        error.contains("lock") && error.contains(data.to_str().unwrap()),
        "{error}"
    );
}

#[test]
fn name_server_and_broker_run_as_two_processes() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let namesrv_conf = path("namesrv.conf");
    let text = format!(
        "listenPort=0\nbindAddress=127.0.0.1\nkvConfigPath={}\n",
        path("kv.json")
    );
    std::fs::write(&namesrv_conf, text).unwrap();
    let namesrv = Process::start(ferromq(), &["namesrv", "-c", &namesrv_conf], "boot success");
    let namesrv_address = namesrv.address("boot success");

    let broker_conf = path("broker.conf");
    let text = format!(
        "brokerName=broker-x\nlistenPort=0\nbindAddress=127.0.0.1\nstorePathRootDir={}\n",
        path("store")
    );
    std::fs::write(&broker_conf, text).unwrap();
    let list = namesrv_address.to_string();
    let mut broker = Process::start(
        ferromq(),
        &["broker", "-n", &list, "-c", &broker_conf],
        "boot success",
    );
    let line = broker.banner.last().unwrap().clone();
    assert!(
        line.starts_with("The broker[broker-x, 127.0.0.1:"),
        "{line}"
    );
    assert!(
        line.ends_with(&format!(
            "] boot success. serializeType=JSON and name server is {list}"
        )),
        "{line}"
    );

    let mut client = Client::connect(namesrv_address).unwrap();
    let registered = |client: &mut Client| {
        client.route("TBW102").unwrap().response_code() == ResponseCode::SUCCESS
    };
    let begin = std::time::Instant::now();
    while !registered(&mut client) {
        assert!(
            begin.elapsed().as_secs() < 60,
            "the broker does not register"
        );
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    broker.terminate();
    assert!(broker.end().0.success());
    // It has told the name server.
    assert!(!registered(&mut client));
}

#[test]
fn changes_made_over_the_network_go_to_the_file_of_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let conf = dir.path().join("namesrv.conf");
    let kv = dir.path().join("kv.json");
    let text = format!(
        "listenPort=0\nbindAddress=127.0.0.1\nkvConfigPath={}\n",
        kv.display()
    );
    std::fs::write(&conf, text).unwrap();
    let arguments = ["namesrv", "-c", conf.to_str().unwrap()];
    let namesrv = Process::start(ferromq(), &arguments, "boot success");
    let mut client = Client::connect(namesrv.address("boot success")).unwrap();
    let update = RemotingCommand::bare_request(RequestCode::UPDATE_NAMESRV_CONFIG);
    let answer = client
        .call(update.with_body("orderMessageEnable=true\n"))
        .unwrap();
    assert_eq!(
        answer.response_code(),
        ResponseCode::SUCCESS,
        "{:?}",
        answer.remark
    );
    let text = std::fs::read_to_string(&conf).unwrap();
    assert!(
        text.contains("orderMessageEnable=true") && text.contains("listenPort=0"),
        "{text}"
    );
}

#[test]
fn help_tells_how_to_begin() {
    let (code, out, _) = run(ferromq(), &["--help"]);
    assert_eq!(code, 0);
    for word in [
        "standalone",
        "namesrv",
        "broker",
        "produce",
        "consume",
        "install-links",
    ] {
        assert!(out.contains(word), "{word} is missing in {out}");
    }
    let (code, _, error) = run(ferromq(), &["standalon"]);
    assert_eq!(code, 2);
    assert!(error.contains("standalone"), "{error}");
}
