//! What a consumer group wants of a topic.

use std::sync::Arc;

/// Language of a subscription expression.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ExpressionType {
    /// Tags joined by `||`, or `*`.
    #[default]
    Tag,
    /// A condition over properties.
    Sql92,
    /// Anything else, as the client named it.
    Other(Arc<str>),
}

/// What a consumer group wants of one topic. Immutable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The topic.
    pub topic: Arc<str>,
    /// The expression as the client wrote it; `*` is everything.
    pub expression: Arc<str>,
    /// Language of the expression.
    pub expression_type: ExpressionType,
    /// Clock of the client at the making of the subscription (milliseconds or nanoseconds, by client); the greater wins.
    pub version: i64,
    /// Legacy class filter: the broker lets every message pass.
    pub class_filter: bool,
    /// The wanted tags; empty is everything.
    pub tags: Vec<Box<str>>,
    /// Hashes of the wanted tags, sorted.
    codes: Vec<i32>,
}

/// Why an expression is not a subscription.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubscriptionError {
    /// Only separators.
    #[error("subscription expression {0} names no tag")]
    NoTag(String),
    /// A language other than tags needs an expression.
    #[error("subscription expression of type {0} is empty")]
    Empty(String),
}

impl Subscription {
    /// Parses an expression. For tags: empty or `*` is everything, otherwise tags joined by `||`, trimmed, empty ones
    /// dropped. `A | B` is one tag, and `* || A` are the two tags `*` and `A`.
    pub fn parse(
        topic: &str,
        expression: &str,
        expression_type: ExpressionType,
        version: i64,
    ) -> Result<Self, SubscriptionError> {
        let _ = (topic, expression, expression_type, version);
        Err(SubscriptionError::NoTag(expression.to_owned()))
    }

    /// First stage of the tag filter, on the code in the queue entry. True for other languages: they are decided on the
    /// message itself.
    #[must_use]
    pub fn wants(&self, tag_code: i64) -> bool {
        let _ = tag_code;
        self.codes.is_empty()
    }
}
