//! Starts and stops the binary under test.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::LazyLock;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Longest wait for anything the binary does; only a broken one takes that long.
const PATIENCE: Duration = Duration::from_secs(90);

/// Arguments of a standalone on free ports.
pub(crate) fn standalone(data: &Path) -> Vec<&str> {
    let arguments = [
        "standalone",
        "--listen",
        "127.0.0.1",
        "--namesrv-port",
        "0",
        "--broker-port",
        "0",
        "--data",
    ];
    arguments.into_iter().chain(data.to_str()).collect()
}

/// A running `ferromq`; killed when dropped.
pub(crate) struct Process {
    child: Child,
    out: Receiver<String>,
    err: Receiver<String>,
    /// Time from exec to the ready line.
    pub(crate) ready_after: Duration,
    /// What was printed before it was ready.
    pub(crate) banner: Vec<String>,
}

impl Process {
    /// Starts the binary and waits for a line that contains `ready`.
    pub(crate) fn start(program: &Path, arguments: &[&str], ready: &str) -> Self {
        let mut process = Self::spawn(program, arguments);
        let begin = Instant::now();
        loop {
            let line = process.line(&begin);
            let is_ready = line.contains(ready);
            process.banner.push(line);
            if is_ready {
                break;
            }
        }
        process.ready_after = begin.elapsed();
        process
    }

    /// Starts the binary and waits for nothing.
    pub(crate) fn spawn(program: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .env_remove("NAMESRV_ADDR")
            .env("FERROMQ_LOG", "info")
            .spawn()
            .unwrap();
        let out = lines(child.stdout.take().unwrap());
        let err = lines(child.stderr.take().unwrap());
        Self {
            child,
            out,
            err,
            ready_after: Duration::ZERO,
            banner: Vec::new(),
        }
    }

    fn line(&mut self, begin: &Instant) -> String {
        let left = PATIENCE.saturating_sub(begin.elapsed());
        match self.out.recv_timeout(left) {
            Ok(line) => line,
            Err(_) => {
                let _ = self.child.kill();
                let log: Vec<String> = self.err.iter().collect();
                panic!("no ready line; printed {:?}, logged {log:#?}", self.banner)
            }
        }
    }

    /// The address after the word `name` in the banner.
    pub(crate) fn address(&self, name: &str) -> SocketAddr {
        let words = self
            .banner
            .iter()
            .filter(|line| line.contains(name))
            .flat_map(|line| line.split_whitespace());
        words
            .filter_map(|word| word.parse().ok())
            .next()
            .unwrap_or_else(|| panic!("no address of {name} in {:#?}", self.banner))
    }

    /// Asks the process to stop.
    pub(crate) fn terminate(&self) {
        kill_process(self.pid(), Signal::TERM).unwrap();
    }

    /// Kills the process without warning and waits for its end.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Waits for the end; returns the exit status and what was logged.
    pub(crate) fn end(&mut self) -> (ExitStatus, Vec<String>) {
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status, self.err.iter().collect());
            }
            assert!(begin.elapsed() < PATIENCE, "the process does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Ended already in most tests.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The binary under test: `FERROMQ_BIN`, to try an optimised one, else the one that was built with the tests.
pub(crate) fn ferromq() -> &'static Path {
    static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
        let given = std::env::var_os("FERROMQ_BIN");
        given
            .unwrap_or_else(|| env!("CARGO_BIN_EXE_ferromq").into())
            .into()
    });
    &PROGRAM
}

/// Runs the binary to its end: exit code, standard output, standard error.
pub(crate) fn run(program: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut process = Process::spawn(program, arguments);
    let (status, error) = process.end();
    let out: Vec<String> = process.out.iter().collect();
    (status.code().unwrap(), out.join("\n"), error.join("\n"))
}

fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            // The test may be over before the process.
            let _ = sender.send(line);
        }
    });
    receiver
}
