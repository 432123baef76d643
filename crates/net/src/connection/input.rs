//! Cuts a stream of bytes into frames, keeping only what does not make a whole frame yet.

use std::cell::Cell;
use std::mem;

use ferromq_wire::frame::{self, FrameError, FrameRef};

/// Bytes that were read and not handed over yet: an unfinished frame, or frames held back by a pause.
#[derive(Default)]
pub(super) struct Input {
    rest: Vec<u8>,
}

/// Whether whoever takes the frames wants more of them now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    /// Go on.
    On,
    /// Keep the rest for later.
    Pause,
}

/// Bytes of a frame that tell how long it is.
const LENGTH_BYTES: usize = 4;
/// First allocation for an unfinished frame; from there it grows as bytes arrive, never by the claimed length.
const REST_BYTES_FIRST: usize = 256;
/// A larger buffer is not kept for the next unfinished frame of a thread.
const SPARE_BYTES_MAX: usize = 64 << 10;

impl Input {
    /// Bytes kept.
    pub(super) fn len(&self) -> usize {
        self.rest.len()
    }

    /// Hands over the frames in what is kept and then in `data`, and keeps what is left over.
    ///
    /// `take` gets each frame with its length in bytes. Returns whether all whole frames were taken. What is left over
    /// goes to the memory in `spare`, which gets it back: idle connections own none, and frames in pieces need no new one.
    pub(super) fn feed(
        &mut self,
        mut data: &[u8],
        spare: &Cell<Vec<u8>>,
        take: &mut dyn FnMut(FrameRef<'_>, usize) -> Flow,
    ) -> Result<Flow, FrameError> {
        while !self.rest.is_empty() {
            let missing = missing(&self.rest)?;
            if missing > data.len() {
                self.keep(data, spare);
                return Ok(Flow::On);
            }
            let (head, tail) = data.split_at(missing);
            self.rest.extend_from_slice(head);
            data = tail;
            if missing == 0 || frame::split(&self.rest)?.is_some() {
                let (taken, flow) = take_frames(&self.rest, take)?;
                self.rest.drain(..taken);
                if self.rest.is_empty() {
                    give_back(mem::take(&mut self.rest), spare);
                }
                if flow == Flow::Pause {
                    self.keep(data, spare);
                    return Ok(Flow::Pause);
                }
            }
        }
        let (taken, flow) = take_frames(data, take)?;
        self.keep(&data[taken..], spare);
        Ok(flow)
    }

    fn keep(&mut self, data: &[u8], spare: &Cell<Vec<u8>>) {
        if data.is_empty() {
            return;
        }
        if self.rest.capacity() == 0 {
            self.rest = spare.take();
            self.rest.reserve(data.len().max(REST_BYTES_FIRST));
        }
        self.rest.extend_from_slice(data);
    }
}

fn give_back(memory: Vec<u8>, spare: &Cell<Vec<u8>>) {
    if memory.capacity() <= SPARE_BYTES_MAX {
        spare.set(memory);
    }
}

/// Bytes that must be added to `rest` before there is something to do: the length prefix, then the whole frame.
fn missing(rest: &[u8]) -> Result<usize, FrameError> {
    if frame::split(rest)?.is_some() {
        return Ok(0);
    }
    let whole = frame::expected_len(rest)?.unwrap_or(LENGTH_BYTES);
    Ok(whole.saturating_sub(rest.len()))
}

/// Hands over the whole frames at the head of `data`; returns how many bytes that were.
fn take_frames(
    data: &[u8],
    take: &mut dyn FnMut(FrameRef<'_>, usize) -> Flow,
) -> Result<(usize, Flow), FrameError> {
    let mut taken = 0;
    while let Some(frame) = frame::split(&data[taken..])? {
        let bytes = frame.wire_len();
        taken += bytes;
        if take(frame, bytes) == Flow::Pause {
            return Ok((taken, Flow::Pause));
        }
    }
    Ok((taken, Flow::On))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(count: usize) -> (Vec<u8>, Vec<Vec<u8>>) {
        let bodies: Vec<_> = (0..count).map(|i| vec![i as u8; i * 7 % 61]).collect();
        let mut bytes = Vec::new();
        for body in &bodies {
            bytes.extend_from_slice(&(4 + 2 + body.len() as u32).to_be_bytes());
            bytes.extend_from_slice(b"\0\0\0\x02{}");
            bytes.extend_from_slice(body);
        }
        (bytes, bodies)
    }

    #[test]
    fn any_pieces_and_any_pauses_give_the_same_frames() {
        let (bytes, bodies) = frames(40);
        for piece in 1..120 {
            for pause in [usize::MAX, 1, 2, 5] {
                let (mut input, spare) = (Input::default(), Cell::default());
                let mut got = Vec::new();
                for data in bytes.chunks(piece) {
                    let mut data = data;
                    loop {
                        let mut take = |frame: FrameRef<'_>, _| {
                            got.push(frame.body.to_vec());
                            if got.len() % pause == 0 {
                                Flow::Pause
                            } else {
                                Flow::On
                            }
                        };
                        if input.feed(data, &spare, &mut take).unwrap() == Flow::On {
                            break;
                        }
                        data = &[];
                    }
                }
                assert_eq!(got, bodies, "pieces of {piece}, pause every {pause}");
                assert_eq!(
                    (input.len(), input.rest.capacity()),
                    (0, 0),
                    "an idle input owns memory"
                );
            }
        }
    }

    #[test]
    fn memory_is_used_again_and_not_kept_if_large() {
        let (mut input, mut other) = (Input::default(), Input::default());
        let spare = Cell::default();
        let feed = |input: &mut Input, data: &[u8]| {
            let mut take = |_: FrameRef<'_>, _| Flow::On;
            input.feed(data, &spare, &mut take).unwrap();
            let memory = spare.take();
            let kept = (memory.as_ptr(), memory.capacity());
            spare.set(memory);
            kept
        };
        let (bytes, _) = frames(1);
        let (head, tail) = bytes.split_at(5);
        assert_eq!(feed(&mut input, head).1, 0);
        let kept = feed(&mut input, tail);
        assert_eq!(kept.1, REST_BYTES_FIRST);
        assert_eq!(feed(&mut other, head).1, 0);
        assert_eq!(feed(&mut other, tail), kept);
        let body = vec![0; SPARE_BYTES_MAX];
        let mut large = (4 + 2 + body.len() as u32).to_be_bytes().to_vec();
        large.extend_from_slice(b"\0\0\0\x02{}");
        large.extend_from_slice(&body);
        let (head, tail) = large.split_at(SPARE_BYTES_MAX);
        feed(&mut input, head);
        assert_eq!(feed(&mut input, tail).1, 0);
        assert_eq!((input.len(), input.rest.capacity()), (0, 0));
    }

    #[test]
    fn a_bad_length_is_seen_as_soon_as_its_bytes_are_there() {
        let (mut input, spare) = (Input::default(), Cell::default());
        let mut take = |_: FrameRef<'_>, _| Flow::On;
        assert!(input.feed(b"\x7f\xff\xff", &spare, &mut take).is_ok());
        assert!(input.feed(b"\xff", &spare, &mut take).is_err());
    }

    #[test]
    fn memory_grows_with_what_arrives_and_not_with_the_claim() {
        let (mut input, spare) = (Input::default(), Cell::default());
        let mut take = |_: FrameRef<'_>, _| Flow::On;
        input
            .feed(&0x00ff_fff0_u32.to_be_bytes(), &spare, &mut take)
            .unwrap();
        input.feed(&[0; 1000], &spare, &mut take).unwrap();
        assert!(input.rest.capacity() < 4096);
    }
}
