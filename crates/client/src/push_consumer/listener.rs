//! What the application does with messages, and what it says of them.

use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use crate::view::MessageView;

/// Messages that are handed to a listener together, all of one queue, in the order of the queue. One message unless
/// the builder's `deliver_max` says otherwise.
#[derive(Clone)]
pub struct Delivery {
    messages: Vec<MessageView>,
}

impl Delivery {
    pub(super) fn new(messages: Vec<MessageView>) -> Self {
        Self { messages }
    }

    /// The messages; at least one.
    #[must_use]
    pub fn messages(&self) -> &[MessageView] {
        &self.messages
    }
}

impl Deref for Delivery {
    type Target = [MessageView];

    fn deref(&self) -> &Self::Target {
        &self.messages
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.messages.fmt(f)
    }
}

/// What a concurrent listener says of the messages it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConsumeResult {
    /// All are consumed.
    Success,
    /// This many of the first ones are consumed, the others shall come again later.
    SuccessUpTo(usize),
    /// All shall come again later: after 10 s, 30 s, 1 min, ... with each attempt.
    Later,
    /// All shall come again after the delay of this level (1 = 1 s, 2 = 5 s, 3 = 10 s, ...).
    LaterAtLevel(u8),
    /// All go to the group's dead-letter queue.
    DeadLetter,
}

/// What an orderly listener says of the messages it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OrderlyResult {
    /// All are consumed.
    Success,
    /// All shall come again after the usual pause (1 s); until then nothing of this queue is consumed.
    Suspend,
    /// As `Suspend`, after this pause (10 ms to 30 s).
    SuspendFor(Duration),
}

type Listening<R> = Pin<Box<dyn Future<Output = R> + Send>>;

/// A listener of either kind.
pub(super) type Listener<R> = Arc<dyn Fn(Delivery) -> Listening<R> + Send + Sync>;

/// Makes a listener of a function.
pub(super) fn boxed<R, F, Fut>(listener: F) -> Listener<R>
where
    F: Fn(Delivery) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = R> + Send + 'static,
{
    Arc::new(move |delivery| Box::pin(listener(delivery)))
}

/// How a listener ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Listened<R> {
    Said(R),
    Panicked,
    TimedOut,
}

/// Runs the listener; a panic is caught, and what takes longer than `timeout` is given up.
pub(super) async fn listen<R>(
    listener: &Listener<R>,
    delivery: Delivery,
    timeout: Duration,
) -> Listened<R> {
    let listening = async {
        // Making the future runs the application's code as well.
        let made = catch_unwind(AssertUnwindSafe(|| listener(delivery)));
        let mut future = made.map_err(drop)?;
        std::future::poll_fn(move |context| {
            let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
            match polled {
                Ok(poll) => poll.map(Ok),
                Err(_) => Poll::Ready(Err(())),
            }
        })
        .await
    };
    match tokio::time::timeout(timeout, listening).await {
        Ok(Ok(result)) => Listened::Said(result),
        Ok(Err(())) => Listened::Panicked,
        Err(_) => Listened::TimedOut,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    async fn outcome<F, Fut>(listener: F) -> Listened<u8>
    where
        F: Fn(Delivery) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = u8> + Send + 'static,
    {
        listen(&boxed(listener), Delivery::new(Vec::new()), LONG).await
    }

    #[tokio::test(start_paused = true)]
    async fn every_way_to_end_is_told_apart() {
        assert_eq!(outcome(async |_| 7).await, Listened::Said(7));
        assert_eq!(outcome(async |_| unreachable!()).await, Listened::Panicked);
        let before: fn(Delivery) -> std::future::Ready<u8> = |_| unreachable!();
        assert_eq!(outcome(before).await, Listened::Panicked);
        let hanging = |_| std::future::pending::<u8>();
        assert_eq!(outcome(hanging).await, Listened::TimedOut);
    }
}
