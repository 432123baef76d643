//! Whose turn it is among connections that wait for the same thing.
//!
//! One connection may ask for a thousand things at once; another one that asks for a single one afterwards does not wait for all
//! of these. Connections take turns, and none has more under way than it needs to be busy.

use std::collections::VecDeque;

use ferromq_net::ConnId;
use rustc_hash::FxHashMap;

/// What one connection has under way at most: enough that two threads are never idle for it.
const UNDER_WAY_MAX: usize = 4;

/// Numbers of tasks that wait, by connection.
#[derive(Debug, Default)]
pub(super) struct FairLine {
    lines: FxHashMap<ConnId, Line>,
    /// Connections that may begin something, each once, in the order of their turns.
    turns: VecDeque<ConnId>,
    waiting: usize,
}

#[derive(Debug, Default)]
struct Line {
    waiting: VecDeque<u64>,
    under_way: usize,
}

impl Line {
    /// Whether it belongs into the turns.
    fn may_begin(&self) -> bool {
        !self.waiting.is_empty() && self.under_way < UNDER_WAY_MAX
    }
}

impl FairLine {
    /// Tasks that wait, of all connections.
    pub(super) fn len(&self) -> usize {
        self.waiting
    }

    /// Task `number` of a connection waits.
    pub(super) fn push(&mut self, conn: ConnId, number: u64) {
        let line = self.lines.entry(conn).or_default();
        let had_turn = line.may_begin();
        line.waiting.push_back(number);
        self.waiting += 1;
        if !had_turn && line.may_begin() {
            self.turns.push_back(conn);
        }
    }

    /// The task to begin next, which is under way from now on.
    pub(super) fn begin(&mut self) -> Option<u64> {
        while let Some(conn) = self.turns.pop_front() {
            // It may be closed.
            let Some(line) = self.lines.get_mut(&conn) else {
                continue;
            };
            let Some(number) = line.waiting.pop_front() else {
                continue;
            };
            line.under_way += 1;
            self.waiting -= 1;
            if line.may_begin() {
                self.turns.push_back(conn);
            }
            return Some(number);
        }
        None
    }

    /// A task of a connection is not under way any more.
    pub(super) fn end(&mut self, conn: ConnId) {
        let Some(line) = self.lines.get_mut(&conn) else {
            return;
        };
        let had_turn = line.may_begin();
        line.under_way = line.under_way.saturating_sub(1);
        if !had_turn && line.may_begin() {
            self.turns.push_back(conn);
        }
        if line.under_way == 0 && line.waiting.is_empty() {
            self.lines.remove(&conn);
        }
    }

    /// A connection is closed: its tasks wait no more.
    pub(super) fn forget(&mut self, conn: ConnId) {
        if let Some(line) = self.lines.remove(&conn) {
            self.waiting -= line.waiting.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ConnId = ConnId(1);
    const B: ConnId = ConnId(2);
    const C: ConnId = ConnId(3);

    fn begun(line: &mut FairLine, count: usize) -> Vec<u64> {
        std::iter::from_fn(|| line.begin()).take(count).collect()
    }

    #[test]
    fn who_comes_late_with_little_does_not_wait_for_all_of_another() {
        let mut line = FairLine::default();
        (0..1000).for_each(|number| line.push(A, number));
        assert_eq!(begun(&mut line, 8), [0, 1, 2, 3], "no more at once");
        line.push(B, 2000);
        line.push(B, 2001);
        line.push(C, 3000);
        line.end(A);
        assert_eq!(begun(&mut line, 3), [2000, 3000, 4]);
        line.end(A);
        line.end(C);
        assert_eq!(begun(&mut line, 3), [2001, 5]);
        assert_eq!(line.len(), 1000 - 6);
    }

    #[test]
    fn a_closed_connection_is_forgotten_with_all_that_waits() {
        let mut line = FairLine::default();
        (0..9).for_each(|number| line.push(A, number));
        line.push(B, 100);
        assert_eq!(begun(&mut line, 2), [0, 100]);
        line.forget(A);
        line.end(A);
        line.end(B);
        assert_eq!((line.begin(), line.len()), (None, 0));
        assert!(line.lines.is_empty());
    }

    #[test]
    fn each_connection_has_one_turn_at_a_time() {
        let mut line = FairLine::default();
        (0..6).for_each(|number| line.push(A, number));
        assert_eq!(begun(&mut line, 9).len(), 4);
        (0..4).for_each(|_| line.end(A));
        line.push(A, 6);
        assert_eq!(line.turns.len(), 1);
        assert_eq!(begun(&mut line, 9), [4, 5, 6]);
    }
}
