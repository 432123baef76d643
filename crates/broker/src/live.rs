//! Settings that may change while the broker runs.

use std::fmt;
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

/// The present state of some settings; readers take it once per request.
pub struct Live<T>(ArcSwap<T>);

impl<T> Live<T> {
    /// Settings that begin as `value`.
    pub fn new(value: T) -> Self {
        Self(ArcSwap::from_pointee(value))
    }

    /// The present state, to be used at once.
    #[must_use]
    pub fn load(&self) -> Guard<Arc<T>> {
        self.0.load()
    }

    /// The present state, to be kept.
    #[must_use]
    pub fn load_full(&self) -> Arc<T> {
        self.0.load_full()
    }

    /// Replaces the state; requests that have begun finish with the old one.
    pub fn store(&self, value: T) {
        self.0.store(Arc::new(value));
    }
}

impl<T: fmt::Debug> fmt::Debug for Live<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Live").field(&self.0.load()).finish()
    }
}
