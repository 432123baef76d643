//! Whether the store takes messages, and why not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use ferromq_base::{Clock, Millis};
use ferromq_disk::{DiskError, DiskErrorKind};
use parking_lot::Mutex;

use crate::bell::Bell;
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
    /// Appends refused.
    refused: AtomicU64,
    /// Wakes the one who looks at the free space.
    space_bell: Arc<Bell>,
}

#[derive(Default)]
struct Cause {
    /// The disk is fuller than it may be.
    space: Option<NotWritable>,
    /// Queue or index entries cannot be written.
    entries: Option<NotWritable>,
    /// The log cannot be written, and when to try again.
    log: Option<(NotWritable, Millis)>,
    fatal: Option<Fatal>,
    hooks: Vec<FatalHook>,
}

impl Health {
    pub(crate) fn new(clock: Arc<dyn Clock>, space_bell: Arc<Bell>) -> Self {
        Self {
            state: AtomicU8::new(FINE),
            cause: Mutex::default(),
            clock,
            refused: AtomicU64::new(0),
            space_bell,
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
            _ => self.check_causes(&cause),
        }
    }

    fn check_causes(&self, cause: &Cause) -> Result<(), AppendError> {
        let lasting = cause.space.as_ref().or(cause.entries.as_ref());
        let refusal = match &cause.log {
            _ if lasting.is_some() => lasting,
            Some((cause, until)) if self.clock.now() < *until => Some(cause),
            _ => None,
        };
        let Some(refusal) = refusal else {
            return Ok(());
        };
        self.refused.fetch_add(1, Ordering::Relaxed);
        // Somebody wants to write: it is worth a look whether there is space again.
        self.space_bell.ring();
        Err(refusal.clone().into())
    }

    /// Number of appends refused so far.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Space was taken, or found missing: somebody should look at it now.
    pub(crate) fn look_at_space(&self) {
        self.space_bell.ring();
        self.space_bell.hurry();
    }

    /// Whether the store has failed or is closed.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.state.load(Ordering::Acquire), CLOSED | FATAL)
    }

    /// The store has failed for good, if it has.
    pub(crate) fn fatal(&self) -> Option<Fatal> {
        if self.state.load(Ordering::Acquire) != FATAL {
            return None;
        }
        self.cause.lock().fatal.clone()
    }

    /// A write to the log failed: refuse for a while.
    pub(crate) fn refuse(&self, error: DiskError) -> NotWritable {
        let is_full = error.kind() == DiskErrorKind::Full;
        let refusal = NotWritable::Disk(Arc::new(error));
        let until = self.clock.now().after(RETRY_AFTER);
        self.set(&refusal, |cause| {
            cause.log = Some((refusal.clone(), until));
        });
        if is_full {
            self.look_at_space();
        }
        refusal
    }

    /// A write to the log succeeded.
    pub(crate) fn wrote(&self) {
        if self.state.load(Ordering::Relaxed) == REFUSING {
            self.clear(|cause| cause.log = None);
        }
    }

    /// Entries could not be written. Refused until they can: they must not pile up in memory.
    pub(crate) fn refuse_entries(&self, error: DiskError) {
        let refusal = NotWritable::Disk(Arc::new(error));
        self.set(&refusal, |cause| cause.entries = Some(refusal.clone()));
    }

    /// All entries are written.
    pub(crate) fn wrote_entries(&self) {
        if self.state.load(Ordering::Relaxed) == REFUSING {
            self.clear(|cause| cause.entries = None);
        }
    }

    /// The disk is too full, or is not.
    pub(crate) fn set_space(&self, full: Option<NotWritable>) {
        match full {
            Some(refusal) => self.set(&refusal, |cause| cause.space = Some(refusal.clone())),
            None if self.state.load(Ordering::Relaxed) == REFUSING => {
                self.clear(|cause| cause.space = None);
            }
            None => {}
        }
    }

    fn set(&self, refusal: &NotWritable, set: impl FnOnce(&mut Cause)) {
        let mut cause = self.cause.lock();
        set(&mut cause);
        let (before, after) = (FINE, REFUSING);
        let changed =
            self.state
                .compare_exchange(before, after, Ordering::AcqRel, Ordering::Acquire);
        if changed.is_ok() {
            tracing::error!(cause = %refusal, "messages are refused for the time being");
        }
    }

    fn clear(&self, clear: impl FnOnce(&mut Cause)) {
        let mut cause = self.cause.lock();
        clear(&mut cause);
        if cause.space.is_some() || cause.entries.is_some() || cause.log.is_some() {
            return;
        }
        let (before, after) = (REFUSING, FINE);
        let changed =
            self.state
                .compare_exchange(before, after, Ordering::AcqRel, Ordering::Acquire);
        if changed.is_ok() {
            tracing::info!("messages are taken again");
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
