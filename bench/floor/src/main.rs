//! The least a server can do for a message: one epoll loop that reads frames, scans the header, writes the record to
//! a log file (one write per loop turn) and replies. No queues, no index, no topics, no checks, no recovery.
//!
//! It tells how good the machine is at the moment: a broker's cost is quoted as a multiple of this. Its log is as
//! expensive as a broker's: fresh pages of fresh files. It answers sends (single and batch) and pulls, which read the newest
//! file of their topic whatever the queue; everything else gets an empty success, so that the load generator can create its
//! topics. One topic is sent to at a time, and one is read.
//!
//! Usage: `ferromq-floor FOLDER [PORT] [--sync]`; prints the port it listens on. With `--sync` each turn is on disk
//! before it is answered.
#![expect(clippy::print_stdout, reason = "tells the port to whoever started it")]

mod log;

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::path::Path;

use log::Log;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

const LISTENER: Token = Token(usize::MAX);
const READ_BYTES: usize = 256 << 10;
/// Request code of a pull, and response codes of sends and of pulls that find nothing.
const PULL: u64 = 11;
const SUCCESS: u64 = 0;
const NOT_FOUND: u64 = 19;
/// Bytes of a stored record besides body, topic and properties.
const RECORD_OVERHEAD: usize = 91;

struct Client {
    stream: TcpStream,
    unread: Vec<u8>,
    unsent: Vec<u8>,
    dirty: bool,
}

struct Floor {
    poll: Poll,
    listener: TcpListener,
    clients: Vec<Option<Client>>,
    dirty: Vec<usize>,
    log: Log,
    /// Records of this turn, their topic, and where each ends.
    turn: Vec<u8>,
    topic: Vec<u8>,
    ends: Vec<u32>,
    buffer: Vec<u8>,
    queue_offset: u64,
}

fn main() -> io::Result<()> {
    let (options, args): (Vec<_>, Vec<_>) =
        std::env::args().skip(1).partition(|arg| arg == "--sync");
    let mut args = args.into_iter();
    let folder = args
        .next()
        .ok_or_else(|| io::Error::other("usage: ferromq-floor FOLDER [PORT] [--sync]"))?;
    let port = args.next().and_then(|port| port.parse().ok()).unwrap_or(0);
    let log = Log::open(Path::new(&folder), !options.is_empty())?;
    let mut listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port)))?;
    println!("{}", listener.local_addr()?.port());
    let poll = Poll::new()?;
    poll.registry()
        .register(&mut listener, LISTENER, Interest::READABLE)?;
    let floor = Floor {
        poll,
        listener,
        clients: Vec::new(),
        dirty: Vec::new(),
        log,
        turn: Vec::new(),
        topic: Vec::new(),
        ends: Vec::new(),
        buffer: vec![0; READ_BYTES],
        queue_offset: 0,
    };
    floor.run()
}

impl Floor {
    fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        loop {
            match self.poll.poll(&mut events, None) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                outcome => outcome?,
            }
            for event in &events {
                match event.token() {
                    LISTENER => self.accept()?,
                    Token(index) => self.serve(index),
                }
            }
            self.end_of_turn()?;
        }
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            match self.listener.accept() {
                Ok((mut stream, _)) => {
                    stream.set_nodelay(true)?;
                    let token = Token(self.clients.len());
                    self.poll.registry().register(
                        &mut stream,
                        token,
                        Interest::READABLE | Interest::WRITABLE,
                    )?;
                    let client = Client {
                        stream,
                        unread: Vec::new(),
                        unsent: Vec::new(),
                        dirty: false,
                    };
                    self.clients.push(Some(client));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads all there is: the poll tells only of new bytes.
    fn serve(&mut self, index: usize) {
        while self.serve_once(index) {}
    }

    /// Reads once and handles every whole frame; whether more may be there.
    fn serve_once(&mut self, index: usize) -> bool {
        let Some(client) = self.clients[index].as_mut() else {
            return false;
        };
        let count = match client.stream.read(&mut self.buffer) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Ok(count) if count > 0 => count,
            Ok(_) | Err(_) => {
                self.clients[index] = None;
                return false;
            }
        };
        let partial = !client.unread.is_empty();
        if partial {
            client.unread.extend_from_slice(&self.buffer[..count]);
        }
        let bytes = if partial {
            client.unread.as_slice()
        } else {
            &self.buffer[..count]
        };
        let mut at = 0;
        while let Some((header, body, length)) = frame(&bytes[at..]) {
            at += length;
            let opaque = number(header, b"\"opaque\":");
            if number(header, b"\"code\":") == PULL {
                // A log that cannot be read answers as an empty one; the load generator then measures nothing.
                let _ = pull(&mut client.unsent, &mut self.log, header, opaque);
            } else if body.is_empty() {
                reply(&mut client.unsent, opaque, 0, 0);
            } else {
                if self.turn.is_empty() {
                    text(header, b"\"b\":\"").clone_into(&mut self.topic);
                }
                let offset = self.log.position() + self.turn.len() as u64;
                append(&mut self.turn, header, body, self.queue_offset, offset);
                self.ends.push(self.turn.len() as u32);
                reply(&mut client.unsent, opaque, self.queue_offset, offset);
                self.queue_offset += 1;
            }
        }
        if partial {
            client.unread.drain(..at);
        } else {
            client.unread.extend_from_slice(&self.buffer[at..count]);
        }
        if !client.dirty && !client.unsent.is_empty() {
            client.dirty = true;
            self.dirty.push(index);
        }
        count == self.buffer.len()
    }

    fn end_of_turn(&mut self) -> io::Result<()> {
        if !self.turn.is_empty() {
            self.log.append(&self.topic, &self.turn, &self.ends)?;
            self.ends.clear();
            self.turn.clear();
        }
        for index in self.dirty.drain(..) {
            let Some(client) = self.clients[index].as_mut() else {
                continue;
            };
            client.dirty = false;
            match client.stream.write(&client.unsent) {
                Ok(count) => drop(client.unsent.drain(..count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => self.clients[index] = None,
            }
        }
        Ok(())
    }
}

/// Header, body and length of the frame at the front of `bytes`, if it is whole.
fn frame(bytes: &[u8]) -> Option<(&[u8], &[u8], usize)> {
    let prefix = bytes.first_chunk::<8>()?;
    let length = u32::from_be_bytes([prefix[0], prefix[1], prefix[2], prefix[3]]) as usize;
    let header = u32::from_be_bytes([0, prefix[5], prefix[6], prefix[7]]) as usize;
    let content = bytes.get(8..4 + length)?;
    let (header, body) = content.split_at_checked(header)?;
    Some((header, body, 4 + length))
}

/// The text behind `key` up to the next quote.
fn text<'a>(header: &'a [u8], key: &[u8]) -> &'a [u8] {
    let Some(at) = header.windows(key.len()).position(|window| window == key) else {
        return &[];
    };
    let rest = &header[at + key.len()..];
    &rest[..rest
        .iter()
        .position(|byte| *byte == b'"')
        .unwrap_or(rest.len())]
}

fn number(header: &[u8], key: &[u8]) -> u64 {
    let Some(at) = header.windows(key.len()).position(|window| window == key) else {
        return 0;
    };
    let rest = &header[at + key.len()..];
    rest.strip_prefix(b"\"")
        .unwrap_or(rest)
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .fold(0, |value, digit| value * 10 + u64::from(digit - b'0'))
}

fn append(turn: &mut Vec<u8>, header: &[u8], body: &[u8], queue_offset: u64, offset: u64) {
    let topic = text(header, b"\"b\":\"");
    let properties = text(header, b"\"i\":\"");
    let size = RECORD_OVERHEAD + body.len() + topic.len() + properties.len();
    let mut hash = crc32fast::Hasher::new();
    hash.update(body);
    turn.extend_from_slice(&(size as u32).to_be_bytes());
    turn.extend_from_slice(&[0xda, 0xa3, 0x20, 0xa7]);
    turn.extend_from_slice(&(hash.finalize() & 0x7fff_ffff).to_be_bytes());
    turn.extend_from_slice(&[0; 8]);
    turn.extend_from_slice(&queue_offset.to_be_bytes());
    turn.extend_from_slice(&offset.to_be_bytes());
    turn.extend_from_slice(&[0; 48]);
    turn.extend_from_slice(&(body.len() as u32).to_be_bytes());
    turn.extend_from_slice(body);
    turn.push(topic.len() as u8);
    turn.extend_from_slice(topic);
    turn.extend_from_slice(&(properties.len() as u16).to_be_bytes());
    turn.extend_from_slice(properties);
}

fn reply(out: &mut Vec<u8>, opaque: u64, queue_offset: u64, offset: u64) {
    let start = out.len();
    out.extend_from_slice(&[0; 8]);
    // Writing to a vector cannot fail.
    let _ = write!(
        out,
        concat!(
            r#"{{"code":0,"extFields":{{"queueId":"0","TRACE_ON":"true","MSG_REGION":"DefaultRegion","#,
            r#""msgId":"7F00000100002A9F{:016X}","queueOffset":"{}"}},"flag":1,"language":"JAVA","#,
            r#""opaque":{},"serializeTypeCurrentRPC":"JSON","version":479}}"#
        ),
        offset, queue_offset, opaque
    );
    let header = out.len() - start - 8;
    seal(out, start, header);
}

/// Answers with the records of the topic from the wanted offset on, counted in their file.
fn pull(out: &mut Vec<u8>, log: &mut Log, header: &[u8], opaque: u64) -> io::Result<()> {
    let offset = number(header, b"\"queueOffset\":");
    let topic = text(header, b"\"topic\":\"");
    let records = log.find(topic, offset, number(header, b"\"maxMsgNums\":"));
    let count = records.as_ref().map_or(0, |records| records.count);
    let start = out.len();
    let code = if count == 0 { NOT_FOUND } else { SUCCESS };
    out.extend_from_slice(&[0; 8]);
    // Writing to a vector cannot fail.
    let _ = write!(
        out,
        concat!(
            r#"{{"code":{},"extFields":{{"suggestWhichBrokerId":"0","nextBeginOffset":"{}","minOffset":"0","#,
            r#""maxOffset":"{}"}},"flag":1,"language":"JAVA","opaque":{},"serializeTypeCurrentRPC":"JSON","version":479}}"#
        ),
        code,
        offset + count,
        offset + count,
        opaque
    );
    let header = out.len() - start - 8;
    if let Some(records) = records
        && let Err(error) = records.read(out)
    {
        out.truncate(start);
        return Err(error);
    }
    seal(out, start, header);
    Ok(())
}

/// Fills in the lengths of the frame that begins at `start` and ends with `out`.
fn seal(out: &mut [u8], start: usize, header: usize) {
    let length = (out.len() - start - 4) as u32;
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    out[start + 4..start + 8].copy_from_slice(&(header as u32).to_be_bytes());
}
