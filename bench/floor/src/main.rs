//! The least a server can do for a message: one epoll loop that reads frames, scans the header, writes the record to
//! a log file (one write per loop turn) and replies. No queues, no index, no topics, no checks, no recovery.
//!
//! It tells how good the machine is at the moment: a broker's cost is quoted as a multiple of this. It answers sends
//! (single and batch); everything else gets an empty success, so that the load generator can create its topics.
//!
//! Usage: `ferromq-floor LOG_FILE [PORT]`; prints the port it listens on.
#![expect(clippy::print_stdout, reason = "tells the port to whoever started it")]

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::os::unix::fs::FileExt;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

const LISTENER: Token = Token(usize::MAX);
const READ_BYTES: usize = 256 << 10;
/// The log starts over after this many bytes, so that long runs do not fill the disk.
const LOG_BYTES_MAX: u64 = 1 << 30;
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
    log: File,
    position: u64,
    /// Records of this turn.
    turn: Vec<u8>,
    buffer: Vec<u8>,
    queue_offset: u64,
}

fn main() -> io::Result<()> {
    let mut args = std::env::args().skip(1);
    let path = args
        .next()
        .ok_or_else(|| io::Error::other("usage: ferromq-floor LOG_FILE [PORT]"))?;
    let port = args.next().and_then(|port| port.parse().ok()).unwrap_or(0);
    let log = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .open(path)?;
    log.set_len(LOG_BYTES_MAX)?;
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
        position: 0,
        turn: Vec::new(),
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

    /// Reads once; handles every whole frame.
    fn serve(&mut self, index: usize) {
        let Some(client) = self.clients[index].as_mut() else {
            return;
        };
        let count = match client.stream.read(&mut self.buffer) {
            Ok(0) => return self.clients[index] = None,
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(_) => return self.clients[index] = None,
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
            let offset = self.position + self.turn.len() as u64;
            if body.is_empty() {
                reply(&mut client.unsent, number(header, b"\"opaque\":"), 0, 0);
            } else {
                append(&mut self.turn, header, body, self.queue_offset, offset);
                reply(
                    &mut client.unsent,
                    number(header, b"\"opaque\":"),
                    self.queue_offset,
                    offset,
                );
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
    }

    fn end_of_turn(&mut self) -> io::Result<()> {
        if !self.turn.is_empty() {
            if LOG_BYTES_MAX < self.position + self.turn.len() as u64 {
                self.position = 0;
            }
            self.log.write_all_at(&self.turn, self.position)?;
            self.position += self.turn.len() as u64;
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
    header[at + key.len()..]
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
    let length = (out.len() - start - 4) as u32;
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    out[start + 4..start + 8].copy_from_slice(&(length - 4).to_be_bytes());
}
