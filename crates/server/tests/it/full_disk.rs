//! A real file system of 64 MiB that somebody else fills while messages are sent: sends are refused with the cause, reads
//! and saves go on, sends are taken again without a restart, and nothing that was acknowledged is lost.
//!
//! Needs root and a free loop device for a mount of its own; says so where it has to be skipped.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use ferromq_wire::code::ResponseCode;
use ferromq_wire::command::RemotingCommand;
use ferromq_wire::message::record::records;

use crate::client::{Client, placed, send_command};
use crate::process::{Process, ferromq};

const TOPIC: &str = "full-disk";
const PATIENCE: Duration = Duration::from_secs(30);

/// A mounted file system; unmounted when dropped.
struct Volume {
    dir: tempfile::TempDir,
}

impl Volume {
    /// An ext4 of 64 MiB; the error says why there is none.
    fn mount() -> Result<Self, String> {
        let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
        let image = dir.path().join("image");
        let file = File::create(&image).map_err(|e| e.to_string())?;
        file.set_len(64 << 20).map_err(|e| e.to_string())?;
        let mount = dir.path().join("mount");
        std::fs::create_dir(&mount).map_err(|e| e.to_string())?;
        run(Command::new("mkfs.ext4")
            .args(["-q", "-F", "-m", "0"])
            .arg(&image))?;
        run(Command::new("mount")
            .args(["-o", "loop"])
            .args([&image, &mount]))?;
        Ok(Self { dir })
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("mount")
    }

    /// Somebody else writes until there is no space left.
    fn fill(&self) {
        use std::io::Write as _;
        let mut filler = File::create(self.filler()).unwrap();
        for piece in [1 << 16, 1 << 12, 1 << 8] {
            while filler.write_all(&vec![1; piece]).is_ok() {}
        }
        filler.sync_all().unwrap();
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        // A process that was killed a moment ago may still hold it.
        let begin = Instant::now();
        while run(Command::new("umount").arg(self.path())).is_err() && begin.elapsed() < PATIENCE {
            std::thread::yield_now();
        }
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    let done = command.output().map_err(|e| format!("{command:?}: {e}"))?;
    if done.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&done.stderr).into_owned();
    Err(format!("{command:?}: {text}"))
}

/// The volume; `None` where the test cannot be run.
fn volume() -> Option<Volume> {
    match Volume::mount() {
        Ok(volume) => Some(volume),
        Err(cause) => {
            // Past the test harness, which shows nothing of a test that passes.
            let text =
                format!("SKIPPED, no disk of its own (needs root and a loop device): {cause}\n");
            let _ = std::io::Write::write_all(&mut std::io::stderr(), text.as_bytes());
            None
        }
    }
}

/// A broker on the volume, and what it has acknowledged.
struct Run {
    process: Process,
    client: Client,
    acked: BTreeMap<i64, Vec<u8>>,
    sent: u32,
}

fn start(config: &Path) -> (Process, Client) {
    let process = Process::start(
        ferromq(),
        &["broker", "-c", config.to_str().unwrap()],
        "boot success",
    );
    let text = process.banner.join(" ");
    let address = text.split_once("broker-full, ").unwrap().1;
    let address = address.split_once(']').unwrap().0;
    let client = Client::connect(address.parse().unwrap()).unwrap();
    (process, client)
}

/// Writes the settings outside of the volume.
fn config(volume: &Volume, keys: &str) -> PathBuf {
    let path = volume.dir.path().join("broker.conf");
    let root = volume.path().join("store");
    let text = format!(
        "brokerName=broker-full\nbrokerIP1=127.0.0.1\nlistenPort=0\nstorePathRootDir={}\n\
         mappedFileSizeCommitLog=4194304\nmappedFileSizeConsumeQueue=20000\nmaxHashSlotNum=1000\n\
         maxIndexNum=4000\n{keys}",
        root.display()
    );
    std::fs::write(&path, text).unwrap();
    path
}

impl Run {
    fn begin(config: &Path) -> Self {
        let (process, client) = start(config);
        Self {
            process,
            client,
            acked: BTreeMap::new(),
            sent: 0,
        }
    }

    /// Sends one message of 16 KiB.
    fn send(&mut self) -> Result<(), String> {
        let mut body = self.sent.to_be_bytes().to_vec();
        body.resize(16 << 10, u8::try_from(self.sent % 251).unwrap());
        self.sent += 1;
        let response = self.client.call(send_command(TOPIC, 0, &body)).unwrap();
        let place = placed(&response)?;
        assert_eq!(
            self.acked.insert(place.offset, body),
            None,
            "an offset was given twice"
        );
        Ok(())
    }

    /// Sends until one is refused; the remark.
    fn send_until_refused(&mut self) -> String {
        for _ in 0..20_000 {
            if let Err(refused) = self.send() {
                let code = ResponseCode::SERVICE_NOT_AVAILABLE.0;
                assert!(refused.starts_with(&code.to_string()), "{refused}");
                assert!(refused.contains("service not available now"), "{refused}");
                return refused;
            }
        }
        panic!("nothing was refused");
    }

    fn send_until_taken(&mut self) -> Duration {
        let begin = Instant::now();
        while let Err(refused) = self.send() {
            assert!(begin.elapsed() < PATIENCE, "{refused}");
        }
        begin.elapsed()
    }

    /// Every acknowledged message that is not deleted is at its place, and those there are have no gap; the lowest offset.
    fn check(&mut self) -> i64 {
        let end = *self.acked.keys().next_back().unwrap() + 1;
        let mut min = self.min();
        let mut next = min;
        while next < end {
            let response = self.client.pull(TOPIC, 0, next).unwrap();
            let found = match response.response_code() {
                ResponseCode::SUCCESS => records(&response.body).collect(),
                _ => Vec::new(),
            };
            let from = found.first().map(|record| record.queue_offset().0);
            if from != u64::try_from(next).ok() {
                // Right only if what is missing was deleted at this moment.
                let kept = from.map_or(next + 1, |from| i64::try_from(from).unwrap());
                min = self.min_from(kept, &response);
                next = min;
                continue;
            }
            for record in found {
                assert_eq!(i64::try_from(record.queue_offset().0).unwrap(), next);
                if let Some(body) = self.acked.get(&next) {
                    assert!(record.body() == body, "another message at {next}");
                }
                next += 1;
            }
        }
        min
    }

    /// The lowest offset.
    fn min(&mut self) -> i64 {
        let mut command =
            RemotingCommand::bare_request(ferromq_wire::code::RequestCode::GET_MIN_OFFSET);
        command.ext.push("topic", TOPIC);
        command.ext.push("queueId", "0");
        let min = self.client.call(command).unwrap();
        min.ext.get("offset").unwrap().parse().unwrap()
    }

    /// The lowest offset, once it is at least `kept`.
    fn min_from(&mut self, kept: i64, response: &RemotingCommand) -> i64 {
        let begin = Instant::now();
        loop {
            let min = self.min();
            if kept <= min {
                return min;
            }
            let waited = begin.elapsed();
            assert!(waited < PATIENCE, "kept from {min} on, but {response:?}");
            std::thread::yield_now();
        }
    }

    /// The client saves an offset; whether the broker has written it to its file.
    fn commit(&mut self, dir: &Path, offset: i64) {
        let mut command =
            RemotingCommand::bare_request(ferromq_wire::code::RequestCode::UPDATE_CONSUMER_OFFSET);
        for (name, value) in [
            ("topic", TOPIC),
            ("consumerGroup", "readers"),
            ("queueId", "0"),
        ] {
            command.ext.push(name, value);
        }
        command.ext.push("commitOffset", offset.to_string());
        assert_eq!(
            self.client.call(command).unwrap().response_code(),
            ResponseCode::SUCCESS
        );
        let file = dir.join("store/config/consumerOffset.json");
        let begin = Instant::now();
        let wanted = format!(":{offset}");
        while !std::fs::read_to_string(&file)
            .unwrap_or_default()
            .contains(&wanted)
        {
            assert!(
                begin.elapsed() < PATIENCE,
                "the offset was not saved on a full disk"
            );
            std::thread::yield_now();
        }
    }

    fn kill(&mut self, config: &Path) {
        self.process.kill();
        (self.process, self.client) = start(config);
    }

    fn restart(&mut self, config: &Path) {
        self.process.terminate();
        let (status, log) = self.process.end();
        assert!(status.success(), "{log:#?}");
        (self.process, self.client) = start(config);
    }
}

#[test]
fn a_disk_filled_by_others_refuses_sends_until_there_is_space_again() {
    let Some(volume) = volume() else {
        return;
    };
    // Without deletion, and with no limit before the very last byte.
    let config = config(
        &volume,
        "cleanFileForciblyEnable=false\nminFreeDiskBytes=1\n",
    );
    let mut run = Run::begin(&config);
    for _ in 0..400 {
        run.send().unwrap();
    }
    // The group exists from its first pull on.
    assert_eq!(run.check(), 0);
    run.commit(&volume.path(), 77);
    volume.fill();
    let refused = run.send_until_refused();
    assert!(refused.contains("free"), "{refused}");
    let end = i64::try_from(run.acked.len()).unwrap();
    assert_eq!(run.check(), 0, "reads go on");
    run.commit(&volume.path(), end);
    // Also a killed broker comes back on the full disk, and is read from.
    run.kill(&config);
    assert_eq!(run.check(), 0);
    assert!(run.send_until_refused().contains("free"));
    std::fs::remove_file(volume.filler()).unwrap();
    let resumed = run.send_until_taken();
    println!("sends were taken again {resumed:?} after space had come back");
    for _ in 0..200 {
        run.send().unwrap();
    }
    assert_eq!(run.check(), 0);
    run.restart(&config);
    assert_eq!(run.check(), 0);
}

#[test]
fn a_broker_that_fills_its_own_disk_deletes_its_oldest_messages_and_goes_on() {
    let Some(volume) = volume() else {
        return;
    };
    // RocketMQ's defaults: refuse above 90 %, delete by force above 85 %.
    let config = config(&volume, "cleanResourceInterval=100\n");
    let mut run = Run::begin(&config);
    let mut refused = 0;
    let begin = Instant::now();
    // Twice the size of the disk.
    while run.acked.len() < 8192 {
        if run.send().is_err() {
            refused += 1;
            assert!(begin.elapsed() < 4 * PATIENCE, "{refused} refused");
        }
    }
    let min = run.check();
    assert!(0 < min);
    run.kill(&config);
    assert!(min <= run.check());
    run.restart(&config);
    assert!(min <= run.check());
    run.send_until_taken();
}
