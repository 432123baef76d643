//! Which messages of a topic a consumer wants, by tag.

use std::collections::BTreeSet;

use ferromq_wire::body::SubscriptionData;

/// A tag expression: everything, or a list of tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagFilter {
    expression: String,
    /// Empty: everything.
    tags: BTreeSet<String>,
}

/// A tag expression that selects nothing because it names no tag.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "tag expression `{expression}` names no tag; write `*` for everything or tags separated by `||`"
)]
pub struct EmptyTagFilter {
    /// The expression.
    pub expression: String,
}

impl TagFilter {
    /// Everything.
    #[must_use]
    pub fn all() -> Self {
        Self {
            expression: SubscriptionData::ALL.to_owned(),
            tags: BTreeSet::new(),
        }
    }

    /// Reads `*` (or nothing) as everything, and `a || b` as the tags `a` and `b`. A single bar does not separate.
    pub fn parse(expression: &str) -> Result<Self, EmptyTagFilter> {
        let parsed = SubscriptionData::parse("", SubscriptionData::TAG, expression, 0);
        let data = parsed.map_err(|_| EmptyTagFilter {
            expression: expression.to_owned(),
        })?;
        Ok(Self {
            expression: data.sub_string,
            tags: data.tags_set,
        })
    }

    /// The expression as brokers are told.
    #[must_use]
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// The tags; empty means everything.
    #[must_use]
    pub fn tags(&self) -> &BTreeSet<String> {
        &self.tags
    }

    /// Whether a message with this tag is wanted. The broker selects by a hash of the tag only, so this is asked again for
    /// each message.
    #[must_use]
    pub fn wants(&self, tag: Option<&str>) -> bool {
        self.tags.is_empty() || tag.is_some_and(|tag| self.tags.contains(tag))
    }
}

impl Default for TagFilter {
    fn default() -> Self {
        Self::all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_expressions_as_rocketmq_does() {
        let cases: [(&str, &[&str]); 6] = [
            ("", &[]),
            ("*", &[]),
            ("A", &["A"]),
            (" A ||B|| ||A", &["A", "B"]),
            ("A | B", &["A | B"]),
            ("* || A", &["*", "A"]),
        ];
        for (expression, tags) in cases {
            let filter = TagFilter::parse(expression).unwrap();
            assert!(filter.tags().iter().eq(tags), "{expression}");
        }
        for nothing in ["||", " ", " || || "] {
            assert!(TagFilter::parse(nothing).is_err(), "{nothing}");
        }
    }

    #[test]
    fn a_tag_with_the_same_hash_is_not_wanted() {
        let filter = TagFilter::parse("Aa").unwrap();
        assert!(filter.wants(Some("Aa")));
        assert!(!filter.wants(Some("BB")), "its hash is the same");
        assert!(!filter.wants(None));
        assert!(TagFilter::all().wants(None));
    }
}
