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
