//! The store as its users see it.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ferromq_base::{Clock, LogOffset, Mark, Millis, QueueId, QueueOffset};
use ferromq_disk::{DirLock, Disk, DiskError, DiskErrorKind};
use ferromq_wire::message::RecordRef;
use parking_lot::Mutex;

use crate::bell::Bell;
use crate::checkpoint::AbortMarker;
use crate::commit_log::{CommitLog, Flusher, LogReader, Segments};
use crate::config::StoreConfig;
use crate::core::Core;
use crate::dispatch::{Dispatcher, EntryWriter};
use crate::error::{AppendError, CloseError, Fatal, OpenError, ReadError};
use crate::health::Health;
use crate::index::{KeyIndex, Query};
use crate::java_hash;
use crate::marks::Marks;
use crate::queue::{Queue, QueueFiles, Queues};
use crate::read::{
    Boundary, Damage, Entries, Pull, Reach, ReadLimits, ReadOutcome, ReadPool, TimeSearch,
};
use crate::recover::{Recovered, Recovery};
use crate::repair::{Repairer, Wanted};
use crate::retention::{Cleaner, DiskSpace, Orders, Retention};
use crate::turn::{Rules, Turn};
use crate::worker::{self, Worker, WorkerKind};

/// How long a background thread waits at once for its turn to be acknowledgeable.
const ACK_WAIT: Duration = Duration::from_millis(500);

/// A message store. Shared as `Arc<Store>`.
///
/// Dropped without [`Store::close`] it stops at once, and the next start recovers as after a crash.
pub struct Store {
    core: Arc<Core>,
    rules: Arc<Rules>,
    dispatcher: Arc<Mutex<Dispatcher>>,
    flusher: Arc<Mutex<Flusher>>,
    cleaner: Arc<Mutex<Cleaner>>,
    repairer: Arc<Mutex<Repairer>>,
    reads: ReadPool,
    /// Empty once closed. Declared before the lock: threads end before the folder is free.
    workers: Mutex<Vec<Worker>>,
    lock: Mutex<Option<DirLock>>,
}

impl Store {
    /// Locks the folder, recovers what is there and starts the worker threads.
    pub fn open(
        disk: Arc<dyn Disk>,
        config: StoreConfig,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>, OpenError> {
        let store = Self::load(disk, config, clock)?;
        store.start_workers(Worker::start)?;
        store.core.log.prepare();
        Ok(Arc::new(store))
    }

    /// Like [`Store::open`], but no thread starts: [`Store::step`] takes the turns of the workers. For simulations in
    /// which one seed decides the order of everything. [`Store::append_wait`] would wait forever.
    pub fn open_stepped(
        disk: Arc<dyn Disk>,
        config: StoreConfig,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>, OpenError> {
        let store = Self::load(disk, config, clock)?;
        store.start_workers(|_, bell, turn| Ok(Worker::stepped(bell, turn)))?;
        // Its threads would read ahead.
        store.reads.stop();
        store.core.log.prepare();
        Ok(Arc::new(store))
    }

    /// Takes a turn of a worker of a store that was opened by [`Store::open_stepped`]; false if it has nothing more to
    /// do. With [`FlushMode::Sync`] the dispatcher waits for the flusher, so flush before.
    pub fn step(&self, worker: WorkerKind) -> bool {
        let mut workers = self.workers.lock();
        workers.get_mut(worker as usize).is_some_and(Worker::step)
    }

    /// Everything of [`Store::open`] but the workers. A full disk is asked for the room that it keeps back: a store on it can
    /// at least be read.
    fn load(
        disk: Arc<dyn Disk>,
        config: StoreConfig,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        loop {
            let (config, clock) = (config.clone(), Arc::clone(&clock));
            match Self::load_once(Arc::clone(&disk), config, clock) {
                Err(OpenError::Disk(error))
                    if error.kind() == DiskErrorKind::Full && disk.make_room() => {}
                other => return other,
            }
        }
    }

    fn load_once(
        disk: Arc<dyn Disk>,
        config: StoreConfig,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        check(&config)?;
        create_root(&*disk, &config.root)?;
        let lock = DirLock::take(&*disk, &config.root)?;
        let dir = config.commit_log_dir();
        let segments = Segments::load(Arc::clone(&disk), dir, config.segment_bytes)?;
        let segments = Arc::new(segments);
        let marks = Arc::new(Marks::new(&config));
        let queues = Arc::new(Queues::new(Arc::clone(&marks.visible)));
        let files = Arc::new(QueueFiles::new(
            Arc::clone(&disk),
            config.root.join("consumequeue"),
            config.queue_file_entries(),
            config.queue_files_open_max,
        ));
        let rules = Arc::new(Rules::of(&config));
        let index = config.index.map(|index| {
            let dir = config.root.join("index");
            let (disk, clock) = (Arc::clone(&disk), Arc::clone(&clock));
            Arc::new(Mutex::new(KeyIndex::new(disk, clock, dir, index)))
        });
        let mut writer = EntryWriter::new(Arc::clone(&files), index.clone());
        let recovery = Recovery {
            disk: &disk,
            config: &config,
            segments: &segments,
            queues: &queues,
            files: &files,
            rules: &rules,
        };
        let recovered = recovery.run(&mut writer)?;
        let segment = match segments.find(recovered.end) {
            Some(segment) => segment,
            None => {
                segments.push(segments.create(recovered.end)?);
                segments.find(recovered.end).expect("the file just made")
            }
        };
        let clean_bell = Arc::default();
        let health = Arc::new(Health::new(Arc::clone(&clock), Arc::clone(&clean_bell)));
        let orders = Orders::new(config.retention.clone(), clean_bell);
        orders.recovered(segments.start(), recovered.checkpoint);
        let parts = (Arc::clone(&marks), Arc::clone(&health), Arc::clone(&clock));
        let memory = (config.tail_ring_bytes, config.block_bytes_max);
        let core = Arc::new(Core {
            log: CommitLog::new(segments, recovered.end, segment, parts, memory),
            disk,
            config,
            clock,
            marks,
            health,
            queues,
            files,
            orders,
            index,
            damage: Damage::default(),
            wanted: Wanted::default(),
        });
        Self::start(core, rules, writer, recovered, lock)
    }

    /// Publishes where the store stands.
    fn start(
        core: Arc<Core>,
        rules: Arc<Rules>,
        writer: EntryWriter,
        recovered: Recovered,
        lock: DirLock,
    ) -> Result<Self, OpenError> {
        let flusher = Flusher::new(
            Arc::clone(&core.log.segments),
            Arc::clone(&core.marks),
            Arc::clone(&core.health),
            core.config.flush,
        );
        core.marks.advance_appended(recovered.end);
        core.marks.advance_flushed(recovered.synced);
        if core.config.shows_only_synced() {
            // Nobody may see what a power cut could still take back.
            flusher.flush();
        }
        AbortMarker::new(&core.config.root).set(&*core.disk)?;
        let dispatcher = Dispatcher::new(Arc::clone(&core), writer, recovered);
        let dispatcher = Arc::new(Mutex::new(dispatcher));
        let cleaner = Cleaner::new(Arc::clone(&core), Arc::clone(&dispatcher));
        let repairer = Repairer::new(
            Arc::clone(&core),
            Arc::clone(&rules),
            Arc::clone(&dispatcher),
        );
        Ok(Self {
            dispatcher,
            repairer: Arc::new(Mutex::new(repairer)),
            cleaner: Arc::new(Mutex::new(cleaner)),
            flusher: Arc::new(Mutex::new(flusher)),
            core,
            rules,
            reads: ReadPool::default(),
            workers: Mutex::default(),
            lock: Mutex::new(Some(lock)),
        })
    }

    /// Starts the workers, in the order of [`WorkerKind`].
    fn start_workers(
        &self,
        start: impl Fn(&'static str, Arc<Bell>, worker::Turn) -> Result<Worker, OpenError>,
    ) -> Result<(), OpenError> {
        let mut workers = self.workers.lock();
        let log = &self.core.log;
        let flusher = Arc::clone(&self.flusher);
        let flush = Box::new(move || flusher.lock().turn());
        workers.push(start("store-flush", Arc::clone(&log.flush_bell), flush)?);
        let dispatcher = Arc::clone(&self.dispatcher);
        let dispatch = Box::new(move || dispatcher.lock().turn());
        let bell = Arc::clone(&log.dispatch_bell);
        workers.push(start("store-dispatch", bell, dispatch)?);
        let core = Arc::clone(&self.core);
        let files = Box::new(move || core.log.keeper.turn().sooner(core.log.trim()));
        workers.push(start("store-files", Arc::clone(&log.keeper.bell), files)?);
        let cleaner = Arc::clone(&self.cleaner);
        let clean = Box::new(move || cleaner.lock().turn());
        let bell = Arc::clone(&self.core.orders.bell);
        workers.push(start("store-clean", bell, clean)?);
        let repairer = Arc::clone(&self.repairer);
        let repair = Box::new(move || repairer.lock().turn());
        let bell = Arc::clone(&self.core.wanted.bell);
        workers.push(start("store-repair", bell, repair)?);
        Ok(())
    }

    /// Flushes everything, saves the checkpoint and stops the workers. Appends are refused from now on. A store that
    /// is dropped without this is recovered at the next start as after a crash.
    pub fn close(&self) -> Result<(), CloseError> {
        let core = &self.core;
        // No append is under way once this has run, and none begins any more.
        core.log.paused(|| core.health.close());
        self.reads.stop();
        self.flusher.lock().flush();
        let workers = std::mem::take(&mut *self.workers.lock());
        if workers.is_empty() {
            return Ok(());
        }
        if let Some(fatal) = core.health.fatal() {
            return Err(fatal.into());
        }
        core.log.clear()?;
        self.dispatcher.lock().finish()?;
        drop(workers);
        AbortMarker::new(&core.config.root).clear(&*core.disk)?;
        *self.lock.lock() = None;
        Ok(())
    }

    /// A turn to fill and append, for one thread to keep.
    #[must_use]
    pub fn turn(&self) -> Turn {
        Turn::new(Arc::clone(&self.rules))
    }

    /// The handle of a queue. A queue that does not exist yet gets a handle too; it takes no file before its first
    /// message. Handles stay in memory: ask only for queues of topics that exist.
    #[must_use]
    pub fn queue(&self, topic: &str, queue: QueueId) -> Arc<Queue> {
        self.core.queues.queue(topic, queue)
    }

    /// The handle of a queue that has one already, because it holds messages or was asked for by [`Store::queue`].
    #[must_use]
    pub fn find_queue(&self, topic: &str, queue: QueueId) -> Option<Arc<Queue>> {
        self.core.queues.find(topic, queue)
    }

    /// All queues that have a handle, by topic and number.
    #[must_use]
    pub fn queues(&self) -> Vec<Arc<Queue>> {
        let mut queues = self.core.queues.all();
        queues.sort_unstable_by(|a, b| (a.topic(), a.id()).cmp(&(b.topic(), b.id())));
        queues
    }

    /// Appends all records of the turn, in order, and returns the end of the last. They may be acknowledged once
    /// [`Store::ackable`] is at least that. After an error nothing of the turn is stored and no offset is used up.
    pub fn append(&self, turn: &mut Turn) -> Result<LogOffset, AppendError> {
        self.core.log.append(turn)
    }

    /// [`Store::append`], then blocks until the turn may be acknowledged. For background threads only.
    pub fn append_wait(&self, turn: &mut Turn) -> Result<LogOffset, AppendError> {
        let end = self.append(turn)?;
        while !self.ackable().wait(end.0, ACK_WAIT) {
            if let Some(fatal) = self.core.health.fatal() {
                return Err(fatal.into());
            }
        }
        Ok(end)
    }

    /// End of what may be acknowledged: appended or synced, as the flush mode says.
    #[must_use]
    pub fn ackable(&self) -> &Mark {
        &self.core.marks.ackable
    }

    /// End of what consumers see: the same, or less if they see only what is synced.
    #[must_use]
    pub fn visible(&self) -> &Mark {
        &self.core.marks.visible
    }

    /// Whether an append has a chance, and the cause if not.
    pub fn writable(&self) -> Result<(), AppendError> {
        self.core.health.check()
    }

    /// Calls `hook` once if the store fails for good, on the thread that found it. Called at once if it has already.
    pub fn on_fatal(&self, hook: Box<dyn Fn(&Fatal) + Send + Sync>) {
        self.core.health.on_fatal(hook);
    }

    /// Appends stored records of `queue` from offset `from` on to `out`, those whose tag code passes `filter`. Messages
    /// that are damaged, or that the device has not read for half a minute, are reported once each in the log, and passed over as
    /// if the filter did not want them. May wait for the disk.
    ///
    /// An error means that the first message to return cannot be read now; `out` is then as before. Later it may: a damaged file of
    /// a queue is repaired in the background.
    pub fn read(
        &self,
        queue: &Queue,
        from: QueueOffset,
        limits: ReadLimits,
        filter: &dyn Fn(i64) -> bool,
        out: &mut Vec<u8>,
    ) -> Result<ReadOutcome, ReadError> {
        self.read_within(Reach::Disk, (queue, from), limits, filter, out)
    }

    /// Like [`Store::read`], but goes only as far as `reach`.
    pub fn read_within(
        &self,
        reach: Reach,
        (queue, from): (&Queue, QueueOffset),
        limits: ReadLimits,
        filter: &dyn Fn(i64) -> bool,
        out: &mut Vec<u8>,
    ) -> Result<ReadOutcome, ReadError> {
        let mut pull = Pull {
            log: LogReader::new(&self.core.log, reach),
            damage: &self.core.damage,
            wanted: &self.core.wanted,
            entries: self.entries(queue),
            reach,
            transfer: self.core.config.transfer,
            limits,
        };
        let done = pull.run(from, filter, out);
        if let Some(at) = pull.log.ahead() {
            let core = Arc::clone(&self.core);
            // Refused when the store closes: then nobody reads on.
            let _ = self.reads.submit(Box::new(move || core.log.read_ahead(at)));
        }
        done
    }

    /// Has `job` done by a thread that may wait for the disk, after those that were given before. The caller limits how
    /// many of its jobs wait. False if the job will never be done: the store is closed, or the system gives no thread.
    pub fn defer(&self, job: Box<dyn FnOnce() + Send>) -> bool {
        self.reads.submit(job)
    }

    /// The damaged messages that reads have passed over since the start, with file and position; at most 1024.
    #[must_use]
    pub fn damaged_messages(&self) -> Vec<String> {
        self.core.damage.told()
    }

    /// Appends the one record that begins at `at` to `out`. May wait for the disk.
    pub fn record_at(&self, at: LogOffset, out: &mut Vec<u8>) -> Result<(), ReadError> {
        self.record_within(Reach::Disk, at, out)
    }

    /// Like [`Store::record_at`], but goes only as far as `reach`.
    pub fn record_within(
        &self,
        reach: Reach,
        at: LogOffset,
        out: &mut Vec<u8>,
    ) -> Result<(), ReadError> {
        let log = &self.core.log;
        let visible = self.visible().value();
        let not_found = || ReadError::NotFound(at);
        if at.0 < log.segments.start() || visible <= at.0 {
            return Err(not_found());
        }
        let size = log.record_size(reach, at.0, self.core.config.segment_bytes)?;
        if visible < at.0 + size as u64 {
            return Err(not_found());
        }
        let before = out.len();
        LogReader::new(log, reach).read((at.0, size), true, out, |_| None)?;
        // The caller may have named a place inside a record, where anything may look like a size.
        match RecordRef::parse(&out[before..]) {
            Ok(record) if record.physical_offset() == at => Ok(()),
            _ => {
                out.truncate(before);
                Err(not_found())
            }
        }
    }

    /// The offset in `queue` that belongs to the time `at`.
    pub fn offset_by_time(
        &self,
        queue: &Queue,
        at: Millis,
        boundary: Boundary,
    ) -> Result<QueueOffset, ReadError> {
        self.time_search(queue).run(at, boundary)
    }

    /// Store timestamp of the oldest message in `queue`; `None` if there is none.
    pub fn earliest_time(&self, queue: &Queue) -> Result<Option<Millis>, ReadError> {
        let search = self.time_search(queue);
        let (min, max) = search.range;
        if max <= min {
            return Ok(None);
        }
        let time = search.time_of(min)?;
        Ok(Some(time).filter(|t| Millis(0) < *t))
    }

    /// Store timestamp of the message at `offset` of `queue`; `None` if it is gone or not there yet.
    pub fn time_of(&self, queue: &Queue, offset: QueueOffset) -> Result<Option<Millis>, ReadError> {
        let search = self.time_search(queue);
        let (min, max) = search.range;
        if offset.0 < min || max <= offset.0 {
            return Ok(None);
        }
        let time = search.time_of(offset.0)?;
        Ok(Some(time).filter(|t| Millis(0) < *t))
    }

    /// Log offsets of messages of `topic` with `key` (or unique key), stored from `begin` to `end`, oldest first, at
    /// most `count_max` of the newest. Only hashes are compared: some may have another key, to be sorted out by the caller.
    pub fn query_keys(
        &self,
        topic: &str,
        key: &str,
        count_max: usize,
        begin: Millis,
        end: Millis,
    ) -> Result<Vec<LogOffset>, ReadError> {
        let Some(index) = &self.core.index else {
            return Ok(Vec::new());
        };
        let marks = &self.core.marks;
        if !self.core.config.visible_after_flush || marks.appended.value() <= marks.visible.value()
        {
            // What was stored before the question is asked shall be found. But nobody waits here for the next flush.
            self.dispatcher.lock().dispatch()?;
        }
        let topic = java_hash::continued(0, topic);
        let query = Query {
            hash: java_hash::key_hash(java_hash::continued(topic, "#"), key),
            begin,
            end,
            count_max,
        };
        let found = index.lock().query(query)?;
        let (start, end) = self.log_range();
        let found = found.into_iter().map(LogOffset);
        Ok(found.filter(|at| start <= *at && *at < end).collect())
    }

    /// Forgets all queues of a topic and removes their files. Its messages stay in the log until that is cleaned.
    /// Handles that are still held lead nowhere: a topic of the same name begins anew.
    pub fn destroy_queues(&self, topic: &str) -> Result<(), ReadError> {
        // Not while entries are being written: the files would come back.
        let mut dispatcher = self.dispatcher.lock();
        // Between two appends, so that none goes to a queue that nobody can find any more.
        let queues = self.core.log.paused(|| {
            let queues = self.core.queues.remove_topic(topic);
            queues.iter().for_each(|queue| queue.destroy());
            queues
        });
        // With the old checkpoint the next start would look for the files, miss them, and read the whole log.
        dispatcher.save_soon();
        self.core.files.remove_topic(topic, &queues)?;
        Ok(())
    }

    /// Changes what is deleted when; effective at once.
    pub fn set_retention(&self, retention: Retention) {
        self.core.orders.set(retention);
    }

    /// Has everything deleted that is past its time, at whatever hour. Done in the background.
    pub fn delete_expired(&self) {
        self.core.orders.clean_log();
    }

    /// Has files of queues and index deleted that lead only to deleted messages. Done in the background.
    pub fn clean_queues(&self) {
        self.core.orders.clean_queues();
    }

    /// Measures the free space.
    pub fn disk_space(&self) -> Result<DiskSpace, DiskError> {
        DiskSpace::of(&*self.core.disk, &self.core.config)
    }

    /// Store timestamp of the oldest message; `None` if there is none.
    pub fn oldest_time(&self) -> Result<Option<Millis>, ReadError> {
        let (start, end) = self.log_range();
        if end <= start {
            return Ok(None);
        }
        let mut record = Vec::new();
        match self.record_at(start, &mut record) {
            Ok(()) => Ok(RecordRef::parse(&record).ok().map(|r| r.store_timestamp())),
            // Deleted at this moment, or the file begins with its filler.
            Err(ReadError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Start of the oldest record that is kept and end of what is visible.
    #[must_use]
    pub fn log_range(&self) -> (LogOffset, LogOffset) {
        let start = self.core.log.segments.start();
        (LogOffset(start), LogOffset(self.visible().value()))
    }

    fn entries<'a>(&'a self, queue: &'a Queue) -> Entries<'a> {
        Entries {
            queue,
            files: &self.core.files,
        }
    }

    fn time_search<'a>(&'a self, queue: &'a Queue) -> TimeSearch<'a> {
        let max = queue.max().0;
        TimeSearch {
            log: &self.core.log,
            damage: &self.core.damage,
            wanted: &self.core.wanted,
            entries: self.entries(queue),
            range: (queue.min().0.min(max), max),
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("root", &self.core.config.root)
            .field("marks", &self.core.marks)
            .finish_non_exhaustive()
    }
}

/// Makes the folder of the store, if it is missing, and its name in the folder above survive a power cut: all that is
/// synced below would be lost with it.
fn create_root(disk: &dyn Disk, root: &Path) -> Result<(), DiskError> {
    let new: Vec<&Path> = root
        .ancestors()
        .take_while(|dir| !disk.exists(dir).unwrap_or(true))
        .collect();
    disk.create_dirs(root)?;
    for dir in &new {
        sync_name(disk, dir)?;
    }
    if new.is_empty() {
        // It may have been made by a process that died before it came to this. But the folder above may be one that
        // this process must not read.
        match sync_name(disk, root) {
            Err(error) if error.kind() == DiskErrorKind::Denied => {}
            other => other?,
        }
    }
    Ok(())
}

fn sync_name(disk: &dyn Disk, dir: &Path) -> Result<(), DiskError> {
    match dir.parent() {
        Some(above) if above == Path::new("") => disk.sync_dir(Path::new(".")),
        Some(above) => disk.sync_dir(above),
        None => Ok(()),
    }
}

/// Refuses sizes with which nothing could be stored.
fn check(config: &StoreConfig) -> Result<(), OpenError> {
    let wrong = |what, value, expected| {
        Err(OpenError::Config {
            what,
            value,
            expected,
        })
    };
    if !(1024..=u64::from(u32::MAX)).contains(&config.segment_bytes) {
        let expected = "1024 to 4294967295";
        return wrong(
            "the size of a commit-log file",
            config.segment_bytes,
            expected,
        );
    }
    if config.record_bytes_max < 1024 {
        let value = config.record_bytes_max as u64;
        return wrong("the largest record", value, "1024 or more");
    }
    Ok(())
}
