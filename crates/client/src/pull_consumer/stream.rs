//! Messages one after the other, as a stream.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;

use super::PullConsumer;
use crate::error::ConsumeError;
use crate::view::MessageView;

/// How long one poll of the consumer waits; the stream polls again.
const POLL_TIME: Duration = Duration::from_secs(5);

type Polling = Pin<Box<dyn Future<Output = Result<Vec<MessageView>, ConsumeError>> + Send>>;

/// The messages of a [`PullConsumer`], without end. Made by [`PullConsumer::messages`].
///
/// A stream for the `futures` family of crates; without them [`Self::next`] does. Ends when the consumer is shut down.
pub struct MessageStream {
    consumer: PullConsumer,
    ready: VecDeque<MessageView>,
    polling: Option<Polling>,
}

impl MessageStream {
    pub(super) fn new(consumer: PullConsumer) -> Self {
        Self {
            consumer,
            ready: VecDeque::new(),
            polling: None,
        }
    }

    /// The next message; none when the consumer was shut down.
    pub async fn next(&mut self) -> Option<Result<MessageView, ConsumeError>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl Stream for MessageStream {
    type Item = Result<MessageView, ConsumeError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(message) = self.ready.pop_front() {
                return Poll::Ready(Some(Ok(message)));
            }
            let consumer = self.consumer.clone();
            let begin = || -> Polling { Box::pin(async move { consumer.poll(POLL_TIME).await }) };
            let polling = self.polling.get_or_insert_with(begin);
            let polled = ready!(polling.as_mut().poll(context));
            self.polling = None;
            match polled {
                Ok(messages) => self.ready.extend(messages),
                Err(ConsumeError::Stopped) => return Poll::Ready(None),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }
}

impl fmt::Debug for MessageStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageStream")
            .field("consumer", &self.consumer)
            .field("ready", &self.ready.len())
            .finish_non_exhaustive()
    }
}
