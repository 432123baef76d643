//! Decides what a power cut leaves: nothing, everything, by chance, or every combination one after the other.

use super::Unsynced;

/// A source of decisions. Decision 0 always means that nothing survived, the highest that everything did.
#[derive(Debug)]
pub(super) struct Choice {
    how: How,
}

#[derive(Debug)]
enum How {
    First,
    Last,
    Random(u64),
    Walk(Walk),
}

/// Visits all combinations of decisions: one number after the other is taken from `path`, and [`Walk::advance`] counts
/// it up like an odometer whose wheels have different sizes.
#[derive(Debug, Default)]
struct Walk {
    /// Decision and number of possibilities.
    path: Vec<(usize, usize)>,
    at: usize,
}

impl Choice {
    pub(super) fn new(unsynced: Unsynced) -> Self {
        let how = match unsynced {
            Unsynced::Lost => How::First,
            Unsynced::Kept => How::Last,
            Unsynced::Some(seed) => How::Random(seed ^ 0x9E37_79B9_7F4A_7C15),
        };
        Self { how }
    }

    /// The first of all combinations; [`Choice::advance`] goes to the next.
    pub(super) fn every() -> Self {
        Self {
            how: How::Walk(Walk::default()),
        }
    }

    /// Goes to the next combination; false if that was the last.
    pub(super) fn advance(&mut self) -> bool {
        let How::Walk(walk) = &mut self.how else {
            return false;
        };
        walk.at = 0;
        while let Some((decision, count)) = walk.path.last_mut() {
            *decision += 1;
            if decision < count {
                return true;
            }
            walk.path.pop();
        }
        false
    }

    /// One of `count` possibilities.
    pub(super) fn one_of(&mut self, count: usize) -> usize {
        match &mut self.how {
            How::First => 0,
            How::Last => count - 1,
            How::Random(state) => {
                usize::try_from(next(state) % count as u64).expect("below a number of that size")
            }
            How::Walk(walk) => {
                if walk.at == walk.path.len() {
                    walk.path.push((0, count));
                }
                let (decision, _) = walk.path[walk.at];
                walk.at += 1;
                decision
            }
        }
    }

    /// Whether one unsynced thing survives.
    pub(super) fn survives(&mut self) -> bool {
        self.one_of(2) == 1
    }

    /// Whether changes of names may survive in any order: no file system we know does that within a folder, but none
    /// promises not to.
    pub(super) fn reorders(&self) -> bool {
        matches!(self.how, How::Walk(_))
    }
}

fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_comes_once() {
        let mut choice = Choice::every();
        let mut seen = Vec::new();
        loop {
            let a = choice.one_of(2);
            // The number of later decisions depends on the earlier ones.
            let b = if a == 1 { choice.one_of(3) } else { 9 };
            seen.push((a, b));
            if !choice.advance() {
                break;
            }
        }
        assert_eq!(seen, [(0, 9), (1, 0), (1, 1), (1, 2)]);
    }
}
