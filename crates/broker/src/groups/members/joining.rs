//! What a heartbeat changes in a consumer group.

use std::sync::Arc;

use ferromq_base::Millis;

use super::{Client, ConsumeStyle, ConsumerGroup, Sender};
use crate::subscription::Subscription;

/// One consumer group of a heartbeat.
#[derive(Debug)]
pub struct Joining<'a> {
    /// The group.
    pub group: &'a str,
    /// How it consumes.
    pub style: ConsumeStyle,
    /// What it wants.
    pub wants: Wants,
}

/// The subscriptions in a heartbeat.
#[derive(Debug)]
pub enum Wants {
    /// All subscriptions of the client, with the fingerprint of the heartbeat if it is of the newer form, else 0.
    All(Vec<Subscription>, i32),
    /// None given: they are what they were when the client sent this fingerprint.
    Unchanged(i32),
}

/// What a heartbeat did to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Joined {
    /// Whether a member or a topic came or went, so that the members have to be told.
    pub is_changed: bool,
    /// Whether the client should send its subscriptions again with the next heartbeat.
    pub needs_subscriptions: bool,
}

/// The group after a heartbeat.
pub(super) struct Outcome {
    /// The new group; `None` if nothing changed but the time of the client.
    pub(super) group: Option<ConsumerGroup>,
    pub(super) joined: Joined,
}

/// Applies a heartbeat to a group.
pub(super) fn join(
    group: &ConsumerGroup,
    sender: &Sender,
    joining: &Joining<'_>,
    now: Millis,
) -> Outcome {
    let known = group.clients.iter().find(|client| client.is_from(sender));
    let fingerprint = match joining.wants {
        Wants::All(_, fingerprint) => fingerprint,
        Wants::Unchanged(_) => known.map_or(0, |client| client.fingerprint()),
    };
    let needs_subscriptions = match joining.wants {
        Wants::All(..) => false,
        // A stock broker only compares; one that was restarted would then refuse the group's pulls for minutes.
        Wants::Unchanged(sent) => group.subscriptions.is_empty() || sent != fingerprint,
    };
    let is_known = known.is_some_and(|client| client.fingerprint() == fingerprint);
    let topics = Topics::compare(group, &joining.wants);
    let joined = Joined {
        is_changed: known.is_none() || topics.came_or_went,
        needs_subscriptions,
    };
    if let Some(client) = known {
        client.seen(now);
    }
    if is_known && !topics.differ && group.style == joining.style {
        return Outcome {
            group: None,
            joined,
        };
    }
    let mut next = group.clone();
    next.style = joining.style.clone();
    if !is_known {
        let client = Arc::new(Client::new(sender, fingerprint, now));
        match next
            .clients
            .iter_mut()
            .find(|known| known.link().id() == sender.link.id())
        {
            Some(known) => *known = client,
            None => next.clients.push(client),
        }
    }
    if let Wants::All(wanted, _) = &joining.wants {
        merge(&mut next, wanted);
    }
    Outcome {
        group: Some(next),
        joined,
    }
}

/// How the subscriptions of a heartbeat differ from those of the group.
struct Topics {
    differ: bool,
    came_or_went: bool,
}

impl Topics {
    fn compare(group: &ConsumerGroup, wants: &Wants) -> Self {
        let Wants::All(wanted, _) = wants else {
            return Self {
                differ: false,
                came_or_went: false,
            };
        };
        let stored = |wanted: &Subscription| group.subscriptions.get(&wanted.topic);
        let came = wanted.iter().any(|wanted| stored(wanted).is_none());
        let newer = wanted
            .iter()
            .any(|wanted| stored(wanted).is_some_and(|stored| stored.version < wanted.version));
        let went = group
            .subscriptions
            .keys()
            .any(|topic| wanted.iter().all(|wanted| wanted.topic != *topic));
        Self {
            differ: came || went || newer,
            came_or_went: came || went,
        }
    }
}

/// A topic is replaced only by a newer subscription; topics that the heartbeat does not name are dropped.
fn merge(group: &mut ConsumerGroup, wanted: &[Subscription]) {
    group
        .subscriptions
        .retain(|topic, _| wanted.iter().any(|wanted| wanted.topic == *topic));
    for wanted in wanted {
        let stored = group.subscriptions.get(&wanted.topic);
        if stored.is_none_or(|stored| stored.version < wanted.version) {
            let wanted = Arc::new(wanted.clone());
            group
                .subscriptions
                .insert(Arc::clone(&wanted.topic), wanted);
        }
    }
}
