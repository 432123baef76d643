//! The task that keeps routes fresh and sends heartbeats.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::{Instance, pause_after};
use crate::error::RouteError;

/// Pause between two unscheduled rounds, so that many hurries at once make one round.
const ROUND_PAUSE: Duration = Duration::from_millis(100);

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
    let mut next_routes = Instant::now() + options.route_interval;
    let mut next_heartbeat = Instant::now() + options.heartbeat_interval;
    loop {
        let mut wake = next_routes.min(next_heartbeat);
        if instance.has_missing_routes() {
            wake = wake.min(Instant::now() + pause_after(missing_rounds));
        }
        let hurried = tokio::select! {
            () = sleep_until(wake) => false,
            () = instance.hurry.notified() => true,
        };
        let now = Instant::now();
        let routes_due = next_routes <= now;
        if routes_due {
            next_routes = now + options.route_interval;
        }
        instance.refresh_routes(routes_due).await;
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

impl Instance {
    fn has_missing_routes(&self) -> bool {
        self.routes.lock().values().any(Option::is_none)
    }

    /// Asks for missing routes, or for all.
    async fn refresh_routes(&self, all: bool) {
        let topics: Vec<Arc<str>> = {
            let routes = self.routes.lock();
            let wanted = routes.iter().filter(|(_, route)| all || route.is_none());
            wanted.map(|(topic, _)| Arc::clone(topic)).collect()
        };
        let mut answered = true;
        for topic in topics {
            match self.refresh(&topic).await {
                Ok(_) | Err(RouteError::NoRoute { .. }) => {}
                Err(error) => {
                    tracing::warn!(%topic, %error, "route not refreshed, going on with what is known");
                    answered = false;
                    break;
                }
            }
        }
        if all && answered {
            self.forget_brokers_without_topics();
        }
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
