//! The task that keeps routes fresh and sends heartbeats.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::{Instance, pause_after};
use crate::error::RouteError;

/// Pause between two unscheduled rounds, so that many hurries at once make one round.
const ROUND_PAUSE: Duration = Duration::from_millis(100);
/// Shortest time between two rounds that ask for all routes.
const ALL_ROUTES_PAUSE: Duration = Duration::from_secs(1);

/// Runs until the client is stopped.
pub(super) fn start(instance: Arc<Instance>) {
    tokio::spawn(async move {
        tokio::select! {
            () = run(&instance) => {}
            () = instance.stopped() => {}
        }
    });
}

async fn run(instance: &Instance) {
    let options = &instance.options;
    let mut missing_rounds = 0;
    let mut names_answer = true;
    let mut last_routes = Instant::now();
    let mut next_heartbeat = Instant::now() + options.heartbeat_interval;
    loop {
        let wake = instance
            .wake(last_routes, missing_rounds)
            .min(next_heartbeat);
        let hurried = tokio::select! {
            () = sleep_until(wake) => false,
            () = instance.hurry.notified() => true,
        };
        let now = Instant::now();
        let all = instance.wants_all_routes(now - last_routes);
        if all {
            last_routes = now;
        }
        let outcome = instance.refresh_routes(all).await;
        said_once(&mut names_answer, outcome);
        missing_rounds = if hurried { 0 } else { missing_rounds + 1 };
        if hurried || next_heartbeat <= now {
            next_heartbeat = now + options.heartbeat_interval;
            instance.heartbeat().await;
        }
        if hurried {
            tokio::time::sleep(ROUND_PAUSE).await;
        }
    }
}

/// Logs when the name servers stop answering, and when they answer again.
fn said_once(names_answer: &mut bool, outcome: Result<(), RouteError>) {
    match outcome {
        Err(error) if *names_answer => {
            tracing::warn!(%error, "routes not refreshed, going on with what is known");
            *names_answer = false;
        }
        Ok(()) if !*names_answer => {
            tracing::info!("name server answers again");
            *names_answer = true;
        }
        _ => {}
    }
}

impl Instance {
    /// When to look at routes without being hurried.
    fn wake(&self, last_routes: Instant, missing_rounds: u32) -> Instant {
        let scheduled = last_routes + self.options.route_interval;
        if self.suspected.load(Ordering::Relaxed) {
            return scheduled.min(last_routes + ALL_ROUTES_PAUSE);
        }
        if self.routes.lock().values().any(Option::is_none) {
            return scheduled.min(Instant::now() + pause_after(missing_rounds));
        }
        scheduled
    }

    /// Whether all routes are to be asked for, when they last were this long ago.
    fn wants_all_routes(&self, since: Duration) -> bool {
        let due = self.options.route_interval <= since;
        let soon = ALL_ROUTES_PAUSE <= since && self.suspected.load(Ordering::Relaxed);
        if due || soon {
            self.suspected.store(false, Ordering::Relaxed);
        }
        due || soon
    }

    /// Asks for missing routes, or for all. Fails if no name server answers.
    async fn refresh_routes(&self, all: bool) -> Result<(), RouteError> {
        let topics: Vec<Arc<str>> = {
            let routes = self.routes.lock();
            let wanted = routes.iter().filter(|(_, route)| all || route.is_none());
            wanted.map(|(topic, _)| Arc::clone(topic)).collect()
        };
        for topic in topics {
            match self.refresh(&topic).await {
                Ok(_) | Err(RouteError::NoRoute { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        if all {
            self.forget_brokers_without_topics();
        }
        Ok(())
    }

    /// Closes connections to brokers that no route mentions any more.
    fn forget_brokers_without_topics(&self) {
        let routes = self.routes.lock();
        let mut named = BTreeMap::new();
        for route in routes.values().flatten() {
            named.extend(route.brokers.clone());
        }
        drop(routes);
        if named.is_empty() {
            return;
        }
        let before = self.all_addrs();
        *self.brokers.lock() = named;
        let after: BTreeSet<String> = self.all_addrs();
        for gone in before.difference(&after) {
            self.channels.close(gone);
        }
    }
}
