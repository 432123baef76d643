//! The life of a network thread: its runtime, the task that ends turns, and the end.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use tokio::runtime::{Builder, LocalOptions, LocalRuntime};
use tokio::task::AbortHandle;

use super::timer::Timer;
use super::{NetThread, Shared};
use crate::Role;
use crate::accept::Acceptor;

/// What a network thread is started with.
pub(crate) struct Plan {
    pub(crate) shared: Arc<Shared>,
    pub(crate) roles: Arc<[Arc<dyn Role>]>,
    /// Only one thread accepts.
    pub(crate) acceptors: Vec<Acceptor>,
}

/// Runs a network thread until it is told to stop. `ready` is called once services and acceptors are in place.
pub(crate) fn run(plan: Plan, ready: impl FnOnce(io::Result<()>)) {
    let runtime = match build_runtime() {
        Ok(runtime) => runtime,
        Err(error) => return ready(Err(error)),
    };
    let task = runtime.block_on(async {
        let net = NetThread::new(plan.shared, &plan.roles);
        let acceptors = match start(plan.acceptors) {
            Ok(acceptors) => acceptors,
            Err(error) => {
                ready(Err(error));
                return Ok(());
            }
        };
        ready(Ok(()));
        // In a task of its own and not here, because tasks run in the order they were woken in: the turn ends after
        // all connections that the same poll found readable.
        tokio::task::spawn_local(end_turns(net, acceptors)).await
    });
    if let Err(error) = task
        && let Ok(panic) = error.try_into_panic()
    {
        std::panic::resume_unwind(panic);
    }
}

fn build_runtime() -> io::Result<LocalRuntime> {
    Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build_local(LocalOptions::default())
}

fn start(acceptors: Vec<Acceptor>) -> io::Result<Vec<AbortHandle>> {
    let start = |acceptor: Acceptor| Ok(tokio::task::spawn_local(acceptor.run()?).abort_handle());
    acceptors.into_iter().map(start).collect()
}

/// Ends turns and keeps the timer of the services until the thread has stopped.
async fn end_turns(net: Rc<NetThread>, acceptors: Vec<AbortHandle>) {
    let mut timer = Timer::new();
    let mut stop: Option<Instant> = None;
    loop {
        tokio::select! {
            biased;
            () = net.local().shared().rung() => {}
            () = timer.fired() => net.expire(),
        }
        if let Some(limit) = net.open_letters() {
            stop = Some(limit);
            acceptors.iter().for_each(AbortHandle::abort);
            net.begin_drain();
        }
        net.end_turn();
        if stop.is_some_and(|limit| net.is_drained() || limit <= Instant::now()) {
            break;
        }
        let now = net.local().now();
        let stop = stop.map(|limit| now.after(limit.saturating_duration_since(Instant::now())));
        timer.set(now, net.deadline().into_iter().chain(stop).min());
    }
    for conn in net.connections() {
        net.shut(&conn);
    }
}
