//! Wakes the delay thread.

use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

/// A bell: rings are remembered until the thread answers, and coalesce.
#[derive(Debug, Default)]
pub(crate) struct DelayBell {
    state: Mutex<State>,
    rung: Condvar,
}

#[derive(Debug, Default)]
struct State {
    rings: bool,
    stops: bool,
}

/// Why the thread woke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Woken {
    /// A new message, or the time has come.
    Work,
    /// The thread is to end.
    Stop,
}

impl DelayBell {
    /// Says that a delayed message was stored.
    pub(crate) fn ring(&self) {
        self.state.lock().rings = true;
        self.rung.notify_one();
    }

    /// Ends the thread.
    pub(crate) fn stop(&self) {
        self.state.lock().stops = true;
        self.rung.notify_one();
    }

    /// Sleeps until a ring, or for `pause` if there is one.
    pub(crate) fn wait(&self, pause: Option<Duration>) -> Woken {
        let until = pause.and_then(|pause| Instant::now().checked_add(pause));
        let mut state = self.state.lock();
        while !state.rings && !state.stops {
            match until {
                None => self.rung.wait(&mut state),
                Some(until) => {
                    if self.rung.wait_until(&mut state, until).timed_out() {
                        break;
                    }
                }
            }
        }
        state.rings = false;
        if state.stops {
            Woken::Stop
        } else {
            Woken::Work
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_before_the_sleep_is_not_lost_and_a_stop_is_final() {
        let bell = DelayBell::default();
        bell.ring();
        assert_eq!(bell.wait(None), Woken::Work);
        assert_eq!(bell.wait(Some(Duration::ZERO)), Woken::Work);
        bell.stop();
        assert_eq!(bell.wait(None), Woken::Stop);
        assert_eq!(bell.wait(None), Woken::Stop);
    }
}
