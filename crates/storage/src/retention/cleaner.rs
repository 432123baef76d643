//! The worker that deletes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use ferromq_base::Millis;
use ferromq_disk::DiskError;
use parking_lot::Mutex;

use super::pace::Pace;
use super::retired::{Left, Retired};
use super::settings::{Level, Retention};
use super::space::DiskSpace;
use super::sweep::{self, Sweep};
use super::verdict::{Look, Reason, Verdict};
use crate::commit_log::Segment;
use crate::core::Core;
use crate::dispatch::Dispatcher;
use crate::error::{Fatal, NotWritable};
use crate::queue::Queue;
use crate::worker::Next;

/// While the disk is full and messages are refused, it is looked at so often.
const FULL_PAUSE: Duration = Duration::from_millis(500);
/// After a failure the next attempt is made this much later.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// While somebody reads a file that is to go.
const READERS_PAUSE: Duration = Duration::from_millis(50);
/// For so long files of queues are removed between two looks.
const OLD_FILES_TIME: Duration = Duration::from_secs(1);
/// Longest sleep before a file's time comes: clocks may be set.
const SLEEP_MAX: Duration = Duration::from_secs(3_600);

/// Deletes old files and watches the free space.
#[derive(Debug)]
pub(crate) struct Cleaner {
    core: Arc<Core>,
    /// Removes queues of deleted topics; held while files of queues are removed.
    dispatcher: Arc<Mutex<Dispatcher>>,
    /// Files that are on their way out, the first one first.
    retired: VecDeque<Retired>,
    /// The present pass over the queues.
    sweep: Option<Sweep>,
    /// Queues whose old files are to be removed.
    old_files: Vec<Arc<Queue>>,
    /// When to look next although there are files of queues to remove.
    look_at: Millis,
    /// How fast they are freed.
    pace: Pace,
    /// Files of the log deleted since the last pause.
    deleted: u32,
    /// Whether an operator's wish is being fulfilled.
    asked: bool,
    /// What had been appended and refused at the last look.
    seen: (u64, u64),
    level: Level,
    /// Whether a look has failed, so that it is told once.
    blind: bool,
}

impl Cleaner {
    pub(crate) fn new(core: Arc<Core>, dispatcher: Arc<Mutex<Dispatcher>>) -> Self {
        Self {
            core,
            dispatcher,
            retired: VecDeque::new(),
            sweep: None,
            old_files: Vec::new(),
            look_at: Millis(0),
            pace: Pace::default(),
            deleted: 0,
            asked: false,
            seen: (u64::MAX, 0),
            level: Level::Fine,
            blind: false,
        }
    }

    /// Does one small thing, the most urgent first.
    pub(crate) fn turn(&mut self) -> Next {
        if self.core.health.is_over() {
            return Next::Wait(None);
        }
        if let Some(next) = self.remove_name() {
            return next;
        }
        if self.core.orders.take_queues() && self.sweep.is_none() {
            self.sweep = Some(Sweep::begin(&self.core));
        }
        if let Some(sweep) = &mut self.sweep {
            if !sweep.step(&self.core) {
                self.end_sweep();
            }
            return Next::Again;
        }
        let settings = self.core.orders.settings.load_full();
        if let Some(next) = self.free(&settings) {
            return next;
        }
        if self.core.clock.now() < self.look_at
            && let Some(queue) = self.old_files.pop()
        {
            return self.remove_queue_files(&queue, &settings);
        }
        let next = self.look(&settings);
        if self.old_files.is_empty() || next == Next::Again {
            return next;
        }
        let pause = settings.look_pause.min(OLD_FILES_TIME);
        self.look_at = self.core.clock.now().after(pause);
        Next::Again
    }

    /// Takes the name of the file that goes next. No other file goes before that is safe.
    fn remove_name(&mut self) -> Option<Next> {
        let core = &self.core;
        let retired = self.retired.iter_mut().find(|file| !file.is_unnamed())?;
        if let Err(error) = retired.remove_name(&*core.disk) {
            tracing::warn!(%error, "cannot delete an old file yet");
            return Some(Next::Pause(RETRY_AFTER));
        }
        if let Err(error) = retired.sync_name(&*core.disk) {
            core.health.fail(&Fatal::Sync(Arc::new(error)));
            return Some(Next::Wait(None));
        }
        Some(Next::Again)
    }

    /// Frees a little of the first file, if it is time to.
    fn free(&mut self, settings: &Retention) -> Option<Next> {
        let first = self.retired.front_mut()?;
        let log_end = self.core.marks.appended.value();
        let bytes = match self.pace.step(settings, self.level, log_end) {
            Ok(bytes) => bytes,
            Err(pause) => return Some(Next::Pause(pause)),
        };
        let begun = self.core.clock.now();
        let left = first.free(bytes);
        if left == Left::Nothing {
            self.retired.pop_front();
        }
        let took = self.core.clock.now().since(begun);
        // A file may be on its way out for minutes.
        self.measure(settings);
        Some(Next::Pause(match left {
            Left::Steps => self.pace.rest(took, settings.step_pause),
            Left::Nothing => self.pace.rest(took, settings.file_pause),
            Left::Readers => READERS_PAUSE,
        }))
    }

    /// A file is on its way out from now on.
    fn retire(&mut self, file: Retired) {
        self.pace.begin(self.core.marks.appended.value());
        self.retired.push_back(file);
    }

    /// All lowest offsets are right for the present start of the log.
    fn end_sweep(&mut self) {
        let Some(sweep) = self.sweep.take() else {
            return;
        };
        let start = sweep.start();
        self.core.orders.set_corrected(start);
        self.old_files = sweep::with_old_files(&self.core);
        let index = self.core.index.as_ref();
        let removed = index.map(|index| index.lock().retire_before(start));
        for (path, file, bytes) in removed.into_iter().flatten() {
            self.retire(Retired::new(path, Some(file), bytes));
        }
    }

    fn remove_queue_files(&mut self, queue: &Queue, settings: &Retention) -> Next {
        // So that no topic is deleted, and made anew, meanwhile.
        let dispatcher = self.dispatcher.lock();
        if let Err(error) = sweep::remove_old_files(&self.core, queue) {
            tracing::warn!(%error, "cannot delete an old file of a queue yet");
        }
        drop(dispatcher);
        Next::Pause(settings.queue_pause)
    }

    /// Looks at age, size and space. Deletes a file, or says when to look again.
    fn look(&mut self, settings: &Retention) -> Next {
        let core = Arc::clone(&self.core);
        let seen = (core.marks.appended.value(), core.health.refused());
        let is_busy = self.seen != seen;
        self.seen = seen;
        self.measure(settings);
        self.asked |= core.orders.take_log();
        let mut wait = None;
        match self.judge(settings) {
            Ok(Some((Verdict::Delete(reason), oldest))) => {
                if let Some(next) = self.delete(&oldest, reason, settings) {
                    return next;
                }
            }
            Ok(Some((Verdict::Keep(until), _))) => {
                self.asked = false;
                wait = until.map(|at| at.since(core.clock.now()).min(SLEEP_MAX));
            }
            Ok(None) => self.asked = false,
            Err(error) => self.tell_blind(&error),
        }
        match self.level {
            _ if !is_busy => Next::Wait(wait),
            Level::Full => Next::Pause(FULL_PAUSE),
            _ => {
                Next::Pause(wait.map_or(settings.look_pause, |wait| wait.min(settings.look_pause)))
            }
        }
    }

    /// Measures the free space, and refuses or allows appends by it.
    fn measure(&mut self, settings: &Retention) {
        let core = &self.core;
        let space = match DiskSpace::of(&*core.disk, &core.config) {
            Ok(space) => space,
            // A disk that cannot be measured is not full.
            Err(error) => {
                self.level = Level::Fine;
                core.health.set_space(None);
                return self.tell_blind(&error);
            }
        };
        self.blind = false;
        let level = space.level(settings);
        // Between the two limits it stays as it is.
        let still_full = self.level == Level::Full && level == Level::Short;
        self.level = if still_full { Level::Full } else { level };
        if self.level == Level::Full {
            let full = NotWritable::Full(Arc::new(space.full(settings)));
            core.health.set_space(Some(full));
        } else {
            core.health.set_space(None);
            core.disk.keep_room();
            core.log.keeper.retry();
        }
    }

    /// What becomes of the oldest file; `None` if there is only one.
    fn judge(&self, settings: &Retention) -> Result<Option<(Verdict, Arc<Segment>)>, DiskError> {
        let core = &self.core;
        let segments = core.log.segments.all();
        let [oldest, _, ..] = segments.as_slice() else {
            return Ok(None);
        };
        let files = segments.len() as u64 + core.log.keeper.ready();
        let look = Look {
            now: core.clock.now(),
            clock: &*core.clock,
            level: self.level,
            log_bytes: files.saturating_mul(core.log.segments.segment_bytes()),
            asked: self.asked,
        };
        let modified = oldest.shared_file()?.modified()?;
        let verdict = settings.judge(&look, modified);
        Ok(Some((verdict, Arc::clone(oldest))))
    }

    /// Begins to delete the oldest file; `None` if it cannot go yet.
    fn delete(
        &mut self,
        oldest: &Arc<Segment>,
        reason: Reason,
        settings: &Retention,
    ) -> Option<Next> {
        let core = &self.core;
        // The next start reads the log from the checkpoint on.
        if core.orders.checkpointed() < oldest.end() || core.marks.flushed.value() < oldest.end() {
            core.orders.want_checkpoint();
            core.log.dispatch_bell.ring();
            core.log.dispatch_bell.hurry();
            return None;
        }
        if settings.batch <= self.deleted {
            self.deleted = 0;
            return Some(Next::Pause(settings.look_pause));
        }
        self.deleted += 1;
        tracing::info!(file = %oldest.path().display(), %reason, "deleting the oldest file of the commit log");
        core.log.paused(|| core.log.segments.remove_first(oldest));
        self.sweep = Some(Sweep::begin(core));
        self.retire(Retired::segment(Arc::clone(oldest)));
        Some(Next::Again)
    }

    fn tell_blind(&mut self, error: &DiskError) {
        if !self.blind {
            tracing::warn!(%error, "cannot look for old files or free space");
        }
        self.blind = true;
    }
}
