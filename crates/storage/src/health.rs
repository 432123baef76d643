//! Whether the store takes messages, and why not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use ferromq_base::{Clock, Millis};
use ferromq_disk::DiskError;
use parking_lot::Mutex;

use crate::error::{AppendError, Fatal, NotWritable};

/// After a failed write the next attempt is made this much later.
const RETRY_AFTER: Duration = Duration::from_secs(1);

const FINE: u8 = 0;
const REFUSING: u8 = 1;
const CLOSED: u8 = 2;
const FATAL: u8 = 3;

/// Called when the store fails for good.
pub(crate) type FatalHook = Box<dyn Fn(&Fatal) + Send + Sync>;

/// State of the store. The good case costs one load.
pub(crate) struct Health {
    state: AtomicU8,
    cause: Mutex<Cause>,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct Cause {
    refused: Option<(NotWritable, Millis)>,
    fatal: Option<Fatal>,
    hooks: Vec<FatalHook>,
}

impl Health {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            state: AtomicU8::new(FINE),
            cause: Mutex::default(),
            clock,
        }
    }

    /// Whether an append may be tried. After a failed write it may be tried again every second.
    pub(crate) fn check(&self) -> Result<(), AppendError> {
        if self.state.load(Ordering::Acquire) == FINE {
            return Ok(());
        }
        let cause = self.cause.lock();
        match self.state.load(Ordering::Acquire) {
            FINE => Ok(()),
            CLOSED => Err(NotWritable::Closed.into()),
            FATAL => match &cause.fatal {
                Some(fatal) => Err(fatal.clone().into()),
                None => Err(NotWritable::Closed.into()),
            },
            _ => match &cause.refused {
                Some((cause, until)) if self.clock.now() < *until => Err(cause.clone().into()),
                _ => Ok(()),
            },
        }
    }

    /// The store has failed for good, if it has.
    pub(crate) fn fatal(&self) -> Option<Fatal> {
        if self.state.load(Ordering::Acquire) != FATAL {
            return None;
        }
        self.cause.lock().fatal.clone()
    }

    /// A write failed: refuse for a while.
    pub(crate) fn refuse(&self, error: DiskError) -> NotWritable {
        let refusal = NotWritable::Disk(Arc::new(error));
        let mut cause = self.cause.lock();
        if self.state.load(Ordering::Acquire) == FINE {
            tracing::error!(cause = %refusal, "writes are refused until the disk takes them again");
            self.state.store(REFUSING, Ordering::Release);
        }
        cause.refused = Some((refusal.clone(), self.clock.now().after(RETRY_AFTER)));
        refusal
    }

    /// A write succeeded.
    pub(crate) fn wrote(&self) {
        if self.state.load(Ordering::Relaxed) != REFUSING {
            return;
        }
        let mut cause = self.cause.lock();
        cause.refused = None;
        if self
            .state
            .compare_exchange(REFUSING, FINE, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
        {
            tracing::info!("the disk takes writes again");
        }
    }

    /// The store is closed.
    pub(crate) fn close(&self) {
        let _cause = self.cause.lock();
        if self.state.load(Ordering::Acquire) != FATAL {
            self.state.store(CLOSED, Ordering::Release);
        }
    }

    /// The store must not go on. Only the first failure counts.
    pub(crate) fn fail(&self, fatal: &Fatal) {
        let hooks = {
            let mut cause = self.cause.lock();
            if cause.fatal.is_some() {
                return;
            }
            tracing::error!(cause = %fatal, "the store has failed and takes no more messages");
            cause.fatal = Some(fatal.clone());
            self.state.store(FATAL, Ordering::Release);
            std::mem::take(&mut cause.hooks)
        };
        for hook in hooks {
            hook(fatal);
        }
    }

    /// Adds a hook; calls it at once if the store has failed already.
    pub(crate) fn on_fatal(&self, hook: FatalHook) {
        let fatal = {
            let mut cause = self.cause.lock();
            match cause.fatal.clone() {
                Some(fatal) => fatal,
                None => return cause.hooks.push(hook),
            }
        };
        hook(&fatal);
    }
}

impl std::fmt::Debug for Health {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Health({})", self.state.load(Ordering::Relaxed))
    }
}
