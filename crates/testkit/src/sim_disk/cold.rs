//! Files whose bytes the system does not have in its page cache, and reads of them that take as long as a test likes.

use std::path::Path;

use parking_lot::{Condvar, Mutex};

/// What is cold.
#[derive(Debug, Default)]
pub(super) struct Cold {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Paths that contain this text.
    paths: Option<&'static str>,
    held: bool,
    /// Reads that wait.
    waiting: usize,
}

impl Cold {
    pub(super) fn set(&self, paths: Option<&'static str>) {
        self.state.lock().paths = paths;
    }

    pub(super) fn hold(&self, hold: bool) {
        self.state.lock().held = hold;
        self.changed.notify_all();
    }

    pub(super) fn wait_for_reader(&self) {
        let mut state = self.state.lock();
        while state.waiting == 0 {
            self.changed.wait(&mut state);
        }
    }

    pub(super) fn is(&self, path: &Path) -> bool {
        self.state.lock().is_cold(path)
    }

    /// A read from `path`: returns when it is let go.
    pub(super) fn pass(&self, path: &Path) {
        let mut state = self.state.lock();
        if !state.is_cold(path) {
            return;
        }
        state.waiting += 1;
        self.changed.notify_all();
        while state.held {
            self.changed.wait(&mut state);
        }
        state.waiting -= 1;
    }
}

impl State {
    fn is_cold(&self, path: &Path) -> bool {
        let text = path.to_string_lossy();
        self.paths.is_some_and(|cold| text.contains(cold))
    }
}
