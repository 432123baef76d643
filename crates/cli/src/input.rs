//! Lines of the standard input.

use std::io::{self, BufRead};

use tokio::sync::mpsc;

/// Lines that wait to be sent; reading pauses above it.
const LINES_MAX: usize = 1024;
/// Longest line in bytes; longer than any message may be.
const LINE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// One line without its end, with its number from 1.
pub(crate) type Line = (u64, Vec<u8>);

/// Reads the standard input on a thread of its own, which does not keep the process from ending. Empty lines are skipped:
/// there are no empty messages.
pub(crate) fn lines() -> mpsc::Receiver<io::Result<Line>> {
    let (sender, receiver) = mpsc::channel(LINES_MAX);
    std::thread::spawn(move || read(io::stdin().lock(), &sender));
    receiver
}

fn read(mut input: impl BufRead, sender: &mpsc::Sender<io::Result<Line>>) {
    for number in 1.. {
        let line = match next(&mut input) {
            Ok(Some(line)) if line.is_empty() => continue,
            Ok(Some(line)) => Ok((number, line)),
            Ok(None) => return,
            Err(error) => Err(error),
        };
        let last = line.is_err();
        if sender.blocking_send(line).is_err() || last {
            return;
        }
    }
}

/// The next line without its end; nothing at the end of the input.
fn next(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let read = io::Read::take(&mut *input, LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
    if read == 0 {
        return Ok(None);
    }
    if line.pop_if(|last| *last == b'\n').is_some() {
        line.pop_if(|last| *last == b'\r');
    } else if LINE_BYTES_MAX <= read as u64 {
        let text = format!("a line is longer than {LINE_BYTES_MAX} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidData, text));
    }
    Ok(Some(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(input: &[u8]) -> Vec<io::Result<Line>> {
        let (sender, mut receiver) = mpsc::channel(16);
        read(input, &sender);
        drop(sender);
        std::iter::from_fn(|| receiver.blocking_recv()).collect()
    }

    #[test]
    fn ends_are_cut_off_and_empty_lines_skipped_but_counted() {
        let lines = all(b"a\n\nb\r\n \nlast").into_iter().map(Result::unwrap);
        let expected: [(u64, &[u8]); 4] = [(1, b"a"), (3, b"b"), (4, b" "), (5, b"last")];
        assert!(lines.eq(expected.map(|(number, line)| (number, line.to_vec()))));
        assert!(all(b"").is_empty());
    }

    #[test]
    fn a_line_without_end_is_an_error() {
        let huge = vec![b'x'; 17 * 1024 * 1024];
        let lines = all(&huge);
        assert_eq!(lines.len(), 1);
        assert!(lines[0].is_err());
    }
}
