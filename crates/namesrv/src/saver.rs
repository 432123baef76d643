//! One thread for the rare requests that write files, so that no network thread ever waits for a disk.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use parking_lot::Mutex;

/// Most jobs that wait.
const JOBS_MAX: usize = 256;

/// Something to do that waits for the disk.
pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// The thread and its queue; the thread starts with the first job.
#[derive(Default)]
pub(crate) struct Saver {
    running: Mutex<Option<(SyncSender<Job>, JoinHandle<()>)>>,
}

/// A job was not taken: too many wait, or there is no thread to be had.
#[derive(Debug)]
pub(crate) struct Busy;

impl Saver {
    /// Queues a job. Jobs run one after the other.
    pub(crate) fn submit(&self, job: Job) -> Result<(), Busy> {
        let mut running = self.running.lock();
        if running.is_none() {
            *running = Some(start()?);
        }
        match running.as_ref().map(|(queue, _)| queue.try_send(job)) {
            Some(Ok(())) => Ok(()),
            Some(Err(TrySendError::Full(_) | TrySendError::Disconnected(_))) | None => Err(Busy),
        }
    }
}

fn start() -> Result<(SyncSender<Job>, JoinHandle<()>), Busy> {
    let (queue, jobs) = sync_channel(JOBS_MAX);
    let thread = std::thread::Builder::new().name("namesrv-saver".to_owned());
    match thread.spawn(move || run(&jobs)) {
        Ok(thread) => Ok((queue, thread)),
        Err(error) => {
            tracing::error!(%error, "cannot start the thread that saves settings");
            Err(Busy)
        }
    }
}

fn run(jobs: &Receiver<Job>) {
    while let Ok(job) = jobs.recv() {
        job();
    }
}

impl Drop for Saver {
    /// Finishes what is queued.
    fn drop(&mut self) {
        if let Some((queue, thread)) = self.running.get_mut().take() {
            drop(queue);
            if thread.join().is_err() {
                tracing::error!("the thread that saves settings ended by a panic");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn queued_jobs_are_finished_and_a_full_queue_refuses() {
        let done = Arc::new(AtomicUsize::new(0));
        let gate = Arc::new(Mutex::new(()));
        let saver = Saver::default();
        let closed = gate.lock();
        let mut taken = 0;
        for _ in 0..JOBS_MAX + 2 {
            let (done, gate) = (Arc::clone(&done), Arc::clone(&gate));
            let job = move || {
                drop(gate.lock());
                done.fetch_add(1, Ordering::SeqCst);
            };
            taken += usize::from(saver.submit(Box::new(job)).is_ok());
        }
        // One job may have left the queue for the thread already.
        assert!((JOBS_MAX..=JOBS_MAX + 1).contains(&taken));
        drop(closed);
        drop(saver);
        assert_eq!(done.load(Ordering::SeqCst), taken);
    }
}
