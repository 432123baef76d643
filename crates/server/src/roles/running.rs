//! Runs what was started until the process is asked to stop or the disk fails.

use std::sync::Arc;

use tokio::runtime::Builder;
use tokio::sync::mpsc;

use crate::failure::Failure;
use crate::signals::StopSignals;

/// Reports that the store has failed for good; may be called from any thread, more than once.
pub(crate) type Alarm = Arc<dyn Fn(String) + Send + Sync>;

/// Starts something, waits for a reason to stop, and stops it.
///
/// Signals are taken over before anything starts: one that arrives during the start stops the process after it.
pub(crate) fn until_stopped<P>(
    start: impl FnOnce(Alarm) -> Result<P, Failure>,
    stop: impl FnOnce(P) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let runtime = Builder::new_current_thread()
        .enable_io()
        .build()
        .map_err(Failure::MainLoop)?;
    let mut signals = {
        let _guard = runtime.enter();
        StopSignals::take().map_err(Failure::MainLoop)?
    };
    let (alarm, mut alarmed) = mpsc::channel(1);
    let process = start(Arc::new(move |cause| {
        // A full channel means that the alarm was given already.
        let _ = alarm.try_send(cause);
    }))?;
    let failed = runtime.block_on(async {
        tokio::select! {
            biased;
            // Without anybody left who could give the alarm there is only the signal to wait for.
            Some(cause) = alarmed.recv() => Some(cause),
            signal = signals.wait() => {
                tracing::info!(signal, "stopping");
                None
            }
        }
    });
    let stopped = stop(process);
    match failed {
        Some(cause) => Err(Failure::Disk(cause)),
        None => stopped,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::Mutex;

    use rustix::process::{Signal, getpid, kill_process};

    use super::*;

    /// A signal reaches every test of the process, so these run one after the other.
    static ALONE: Mutex<()> = Mutex::new(());

    #[test]
    fn an_alarm_from_any_thread_stops_what_runs_and_is_the_failure() {
        let _alone = ALONE.lock();
        let stopped = Cell::new(false);
        let start = |alarm: Alarm| {
            let give = move || (0..3).for_each(|_| alarm("the cause".to_owned()));
            Ok(std::thread::spawn(give))
        };
        let result = until_stopped(start, |thread| {
            thread.join().unwrap();
            stopped.set(true);
            Ok(())
        });
        let failure = result.unwrap_err();
        assert_eq!(failure.code(), 3);
        assert!(failure.to_string().contains("the cause"), "{failure}");
        assert!(stopped.get());
    }

    #[test]
    fn a_signal_during_the_start_stops_after_it_also_if_nobody_could_give_an_alarm() {
        let _alone = ALONE.lock();
        let start = |_: Alarm| {
            kill_process(getpid(), Signal::TERM).unwrap();
            Ok("started")
        };
        until_stopped(start, |what| {
            assert_eq!(what, "started");
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn what_does_not_start_is_not_stopped() {
        let _alone = ALONE.lock();
        let start = |_: Alarm| Err::<(), _>(Failure::BindAddress("x".to_owned()));
        let result = until_stopped(start, |()| panic!("stopped what did not start"));
        assert_eq!(result.unwrap_err().code(), 1);
    }
}
