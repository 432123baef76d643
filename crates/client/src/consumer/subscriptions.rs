//! Subscriptions as a builder collects them, and checks that both kinds of consumers need.

use std::collections::BTreeMap;
use std::fmt;

use ferromq_wire::message::topic::{validate_group, validate_topic};

use super::TagFilter;
use crate::error::StartError;

/// Topics with their tag expressions, not read yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Subscriptions(BTreeMap<String, String>);

impl Subscriptions {
    /// A second expression for a topic replaces the first.
    pub(crate) fn add(&mut self, topic: String, tags: String) {
        self.0.insert(topic, tags);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads names and expressions.
    pub(crate) fn parse(&self) -> Result<Vec<(String, TagFilter)>, StartError> {
        let read = |(topic, tags): (&String, &String)| {
            validate_topic(topic).map_err(|error| StartError::BadTopic {
                topic: topic.clone(),
                why: error.to_string(),
            })?;
            Ok((topic.clone(), TagFilter::parse(tags)?))
        };
        self.0.iter().map(read).collect()
    }
}

/// Checks a group name.
pub(crate) fn check_group(group: &str) -> Result<(), StartError> {
    validate_group(group).map_err(|error| StartError::BadGroup {
        group: group.to_owned(),
        why: error.to_string(),
    })
}

/// Checks a setting against its range.
pub(crate) fn check_range<N: PartialOrd + fmt::Display>(
    setting: &'static str,
    value: N,
    min: N,
    max: N,
) -> Result<(), StartError> {
    if min <= value && value <= max {
        return Ok(());
    }
    Err(StartError::BadSetting {
        setting,
        value: value.to_string(),
        range: format!("{min} to {max}"),
    })
}
