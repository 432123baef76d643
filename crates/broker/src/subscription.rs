//! What a consumer group wants of a topic.

use std::fmt;
use std::sync::Arc;

use ferromq_wire::message::tag::tag_hash;

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
    /// Everything, the expression of a group that says nothing.
    pub const ALL: &str = "*";

    /// Parses an expression. For tags: empty or `*` is everything, otherwise tags joined by `||`, trimmed, empty ones
    /// dropped. `A | B` is one tag, and `* || A` are the two tags `*` and `A`.
    pub fn parse(
        topic: &str,
        expression: &str,
        expression_type: ExpressionType,
        version: i64,
    ) -> Result<Self, SubscriptionError> {
        let is_tag = expression_type == ExpressionType::Tag;
        if !is_tag && expression.is_empty() {
            return Err(SubscriptionError::Empty(expression_type.to_string()));
        }
        let wants_all = is_tag && (expression.is_empty() || expression == Self::ALL);
        let tags = if is_tag && !wants_all {
            tags_of(expression)?
        } else {
            Vec::new()
        };
        Ok(Self {
            topic: Arc::from(topic),
            expression: Arc::from(if wants_all { Self::ALL } else { expression }),
            expression_type,
            version,
            class_filter: false,
            codes: codes_of(&tags),
            tags,
        })
    }

    /// First stage of the tag filter, on the code in the queue entry. True for other languages: they are decided on the
    /// message itself.
    #[must_use]
    pub fn wants(&self, tag_code: i64) -> bool {
        self.codes.is_empty() || self.class_filter || {
            // Entries carry the 32-bit hash in 64 bits; delayed messages carry a time there, which never gets here.
            #[expect(
                clippy::cast_possible_truncation,
                reason = "tag codes are compared as 32 bits"
            )]
            let code = tag_code as i32;
            self.codes.binary_search(&code).is_ok()
        }
    }

    /// Hashes of the wanted tags, sorted; none for everything and for other languages.
    #[must_use]
    pub fn codes(&self) -> &[i32] {
        &self.codes
    }
}

impl fmt::Display for ExpressionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tag => "TAG",
            Self::Sql92 => "SQL92",
            Self::Other(name) => name,
        })
    }
}

impl From<&str> for ExpressionType {
    /// By the name on the wire; none at all is `TAG`.
    fn from(name: &str) -> Self {
        match name {
            "" | "TAG" => Self::Tag,
            "SQL92" => Self::Sql92,
            other => Self::Other(Arc::from(other)),
        }
    }
}

fn tags_of(expression: &str) -> Result<Vec<Box<str>>, SubscriptionError> {
    let tags: Vec<Box<str>> = expression
        .split("||")
        .map(str::trim)
        .filter(|tag| !tag.is_empty())
        .map(Box::from)
        .collect();
    if tags.is_empty() {
        return Err(SubscriptionError::NoTag(expression.to_owned()));
    }
    Ok(tags)
}

fn codes_of(tags: &[Box<str>]) -> Vec<i32> {
    let mut codes: Vec<i32> = tags.iter().map(|tag| tag_hash(tag)).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn parse(expression: &str) -> Result<Subscription, SubscriptionError> {
        Subscription::parse("T", expression, ExpressionType::Tag, 1)
    }

    #[test]
    fn tag_expressions_are_read_as_rocketmq_reads_them() {
        let tags = |expression| {
            let parsed = parse(expression).unwrap();
            parsed
                .tags
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        for (expression, expected) in [
            ("", &[][..]),
            ("*", &[]),
            ("TagA", &["TagA"]),
            ("TagA||TagB", &["TagA", "TagB"]),
            ("  TagA ||  || TagB ", &["TagA", "TagB"]),
            ("TagA | TagB", &["TagA | TagB"]),
            ("* || TagA", &["*", "TagA"]),
        ] {
            assert_eq!(tags(expression), expected, "{expression:?}");
        }
        assert_eq!(&*parse("").unwrap().expression, "*");
    }

    proptest! {
        #[test]
        fn any_expression_of_tags_wants_just_its_tags(tags in vec("[a-zA-Z0-9 支|]{0,6}", 0..5), other in "[a-z]{1,4}") {
            let expression = tags.join("||");
            let Ok(parsed) = parse(&expression) else {
                let is_empty = expression.split("||").all(|tag| tag.trim().is_empty());
                prop_assert!(is_empty && !expression.is_empty());
                return Ok(());
            };
            for tag in &parsed.tags {
                prop_assert!(!tag.is_empty() && tag.trim() == &**tag);
                prop_assert!(parsed.wants(i64::from(tag_hash(tag))));
            }
            let is_hit = parsed.tags.is_empty()
                || parsed.tags.iter().any(|tag| tag_hash(tag) == tag_hash(&other));
            prop_assert_eq!(parsed.wants(i64::from(tag_hash(&other))), is_hit);
        }
    }

    #[test]
    fn separators_alone_and_other_languages_without_text_are_errors() {
        assert_eq!(parse("||"), Err(SubscriptionError::NoTag("||".to_owned())));
        assert_eq!(
            parse("   "),
            Err(SubscriptionError::NoTag("   ".to_owned()))
        );
        assert_eq!(
            Subscription::parse("T", "", ExpressionType::Sql92, 1),
            Err(SubscriptionError::Empty("SQL92".to_owned()))
        );
    }

    #[test]
    fn the_first_stage_compares_codes_as_32_bits() {
        let both = parse("TagA || Aa").unwrap();
        assert_eq!(both.codes(), [2112, 2_598_919]);
        assert!(both.wants(2_598_919));
        assert!(
            both.wants(2112),
            "BB has the same hash; the client sorts it out"
        );
        assert!(!both.wants(0), "no tag");
        assert!(both.wants(2112 | (7 << 32)));
        assert!(parse("*").unwrap().wants(0));
        let negative = parse("order-created").unwrap();
        assert!(negative.wants(i64::from(-392_709_271_i32)));
    }

    #[test]
    fn other_languages_pass_the_first_stage() {
        let sql = Subscription::parse("T", "a > 1", ExpressionType::from("SQL92"), 1).unwrap();
        assert!(sql.wants(0) && sql.wants(77));
        assert_eq!(&*sql.expression, "a > 1");
    }
}
