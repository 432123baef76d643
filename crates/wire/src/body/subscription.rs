//! What a consumer group wants of a topic, as heartbeats carry it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::tolerant;
use crate::message::tag_hash;

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SubscriptionData {
    /// Historic filter by class.
    #[serde(deserialize_with = "tolerant::boolean")]
    pub class_filter_mode: bool,
    /// Hashes of the tags.
    #[serde(deserialize_with = "tolerant::integers")]
    pub code_set: Vec<i32>,
    /// `TAG` or `SQL92`.
    #[serde(deserialize_with = "expression_type")]
    pub expression_type: String,
    /// Expression; `*` is everything.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub sub_string: String,
    /// Clock of the client when the subscription was made; the highest counts.
    #[serde(deserialize_with = "tolerant::integer")]
    pub sub_version: i64,
    /// Tags; empty is everything.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub tags_set: BTreeSet<String>,
    /// Topic.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub topic: String,
}

/// Why an expression is no subscription.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SubscriptionError {
    /// Nothing but separators.
    #[error("tag expression {0:?} names no tag")]
    NoTag(String),
    /// An empty expression of another type than `TAG`.
    #[error("an expression of type {0} must not be empty")]
    Empty(String),
}

impl Default for SubscriptionData {
    fn default() -> Self {
        Self {
            class_filter_mode: false,
            code_set: Vec::new(),
            expression_type: Self::TAG.to_owned(),
            sub_string: String::new(),
            sub_version: 0,
            tags_set: BTreeSet::new(),
            topic: String::new(),
        }
    }
}

impl SubscriptionData {
    /// Type of tag expressions.
    pub const TAG: &'static str = "TAG";
    /// Type of SQL expressions.
    pub const SQL92: &'static str = "SQL92";
    /// The expression for everything.
    pub const ALL: &'static str = "*";

    /// Parses an expression. A tag expression is empty or `*` for everything, else tags separated by `||`;
    /// other expressions are kept as they are.
    ///
    /// # Errors
    /// The expression names nothing.
    pub fn parse(
        topic: &str,
        expression_type: &str,
        expression: &str,
        sub_version: i64,
    ) -> Result<Self, SubscriptionError> {
        let mut data = Self {
            topic: topic.to_owned(),
            sub_version,
            sub_string: expression.to_owned(),
            expression_type: expression_type.to_owned(),
            ..Self::default()
        };
        if expression_type != Self::TAG && !expression_type.is_empty() {
            if expression.is_empty() {
                return Err(SubscriptionError::Empty(expression_type.to_owned()));
            }
            return Ok(data);
        }
        Self::TAG.clone_into(&mut data.expression_type);
        if expression.is_empty() || expression == Self::ALL {
            Self::ALL.clone_into(&mut data.sub_string);
            return Ok(data);
        }
        for tag in expression.split("||").map(str::trim) {
            if !tag.is_empty() && data.tags_set.insert(tag.to_owned()) {
                data.code_set.push(tag_hash(tag));
            }
        }
        if data.tags_set.is_empty() {
            return Err(SubscriptionError::NoTag(expression.to_owned()));
        }
        Ok(data)
    }

    /// True for tag expressions.
    #[must_use]
    pub fn is_tag(&self) -> bool {
        self.expression_type == Self::TAG || self.expression_type.is_empty()
    }
}

/// Missing and null are `TAG`.
fn expression_type<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name: Option<String> = Option::deserialize(deserializer)?;
    Ok(name.unwrap_or_else(|| SubscriptionData::TAG.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(expression: &str) -> Vec<String> {
        let data = SubscriptionData::parse("T", "TAG", expression, 1).unwrap();
        data.tags_set.into_iter().collect()
    }

    #[test]
    fn tag_expressions_follow_the_rules() {
        assert!(tags("*").is_empty() && tags("").is_empty());
        assert_eq!(tags("TagA || TagB||"), ["TagA", "TagB"]);
        assert_eq!(tags("TagA | TagB"), ["TagA | TagB"]);
        assert_eq!(tags("* || TagA"), ["*", "TagA"]);
        assert!(SubscriptionData::parse("T", "TAG", " || ", 1).is_err());
        let data = SubscriptionData::parse("T", "", "TagA||TagA", 1).unwrap();
        assert_eq!(data.code_set, [2_598_919]);
        assert!(data.is_tag());
    }

    #[test]
    fn other_expressions_are_kept() {
        let data = SubscriptionData::parse("T", "SQL92", "a > 1", 7).unwrap();
        assert_eq!((&*data.sub_string, data.sub_version), ("a > 1", 7));
        assert!(!data.is_tag() && data.code_set.is_empty());
        assert!(SubscriptionData::parse("T", "SQL92", "", 7).is_err());
    }
}
