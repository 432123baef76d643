//! The broker's thread for everything that waits: saving tables, dropping silent clients, talking to name servers.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::thread::{Builder, JoinHandle};

use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::task::LocalSet;

/// A task that runs until the broker stops.
pub(crate) type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The running thread.
#[derive(Debug)]
pub(crate) struct Background {
    running: Mutex<Option<(oneshot::Sender<()>, JoinHandle<()>)>>,
}

impl Background {
    /// Starts the thread with its tasks.
    pub(crate) fn start(tasks: Vec<Task>) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let run = move || {
            let local = LocalSet::new();
            for task in tasks {
                drop(local.spawn_local(task));
            }
            // Both ways of ending, a word and a dropped sender, mean the same.
            local.block_on(&runtime, async { drop(stopped.await) });
        };
        let thread = Builder::new().name("broker".to_owned()).spawn(run)?;
        Ok(Self {
            running: Mutex::new(Some((stop, thread))),
        })
    }

    /// Ends all tasks where they wait, and the thread.
    pub(crate) fn stop(&self) {
        let Some((stop, thread)) = self.running.lock().take() else {
            return;
        };
        drop(stop);
        if thread.join().is_err() {
            tracing::error!("a background task of the broker had panicked");
        }
    }
}
