//! Changes of topic attributes, as admin requests spell them: `+key=value` sets, `-key` removes, joined by commas.

use std::collections::BTreeMap;

/// Attributes of a topic by key.
pub type Attributes = BTreeMap<String, String>;

/// Why attributes were not changed. The texts begin as RocketMQ's do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttributeError {
    /// Neither `+key=value` nor `-key`.
    #[error("attribute format is wrong: {0}")]
    Format(String),
    /// A `+` without a value.
    #[error("add/alter attribute format is wrong: {0}")]
    AlterFormat(String),
    /// A `-` with a value.
    #[error("delete attribute format is wrong: {0}")]
    DeleteFormat(String),
    /// Named twice.
    #[error("key duplication: {0}")]
    Duplicate(String),
    /// No such attribute.
    #[error("unsupported key: {0}")]
    Unknown(String),
    /// Fixed at creation.
    #[error("attempt to update an unchangeable attribute. key: {0}")]
    Unchangeable(String),
    /// Not there to be removed.
    #[error("attempt to delete a nonexistent key: {0}")]
    Nonexistent(String),
    /// A new topic has nothing to remove.
    #[error("only add attribute is supported while creating topic. key: {0}")]
    DeleteOnCreate(String),
    /// Not one of the values.
    #[error("value is not in set: {0:?}")]
    Value(&'static [&'static str]),
    /// A value that RocketMQ knows and this version does not.
    #[error("this version of FerroMQ does not support {0}={1} yet")]
    NotBuilt(&'static str, &'static str),
    /// Only with tiered storage.
    #[error("Update topic reserveTime not supported")]
    ReserveTime,
}

/// What the broker knows about an attribute.
struct Known {
    key: &'static str,
    values: &'static [&'static str],
    is_fixed: bool,
    not_built: Option<&'static str>,
}

/// Key of the kind of messages a topic takes.
pub(super) const MESSAGE_TYPE: &str = "message.type";
const RESERVE_TIME: &str = "reserve.time";

const KNOWN: [Known; 3] = [
    Known {
        key: "queue.type",
        values: &["SimpleCQ", "BatchCQ"],
        is_fixed: true,
        not_built: Some("BatchCQ"),
    },
    Known {
        key: "cleanup.policy",
        values: &["DELETE", "COMPACTION"],
        is_fixed: true,
        not_built: Some("COMPACTION"),
    },
    Known {
        key: MESSAGE_TYPE,
        values: &[
            "UNSPECIFIED",
            "NORMAL",
            "FIFO",
            "DELAY",
            "TRANSACTION",
            "MIXED",
        ],
        is_fixed: false,
        not_built: None,
    },
];

/// The changes a text asks for, by key; `None` removes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttributeChanges(BTreeMap<String, Option<String>>);

impl AttributeChanges {
    /// Reads `+key=value,-key`. An empty text changes nothing.
    pub fn parse(text: &str) -> Result<Self, AttributeError> {
        let mut changes = BTreeMap::new();
        for part in text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            let (key, value) = change(part)?;
            if changes
                .insert(key.to_owned(), value.map(str::to_owned))
                .is_some()
            {
                return Err(AttributeError::Duplicate(key.to_owned()));
            }
        }
        Ok(Self(changes))
    }

    /// Whether an attribute is to be set to this value.
    #[must_use]
    pub fn sets(&self, key: &str, value: &str) -> bool {
        matches!(self.0.get(key), Some(Some(wanted)) if wanted == value)
    }

    /// The attributes of a topic after the changes; `stored` is `None` for a new topic.
    pub fn apply(&self, stored: Option<&Attributes>) -> Result<Attributes, AttributeError> {
        let mut attributes = stored.cloned().unwrap_or_default();
        for (key, value) in &self.0 {
            let known = known(key)?;
            match value {
                Some(value) => {
                    known.check(value)?;
                    if stored.is_some() && known.is_fixed && attributes.get(key) != Some(value) {
                        return Err(AttributeError::Unchangeable(key.clone()));
                    }
                    attributes.insert(key.clone(), value.clone());
                }
                None if stored.is_none() => {
                    return Err(AttributeError::DeleteOnCreate(key.clone()));
                }
                None if known.is_fixed => return Err(AttributeError::Unchangeable(key.clone())),
                None => {
                    if attributes.remove(key).is_none() {
                        return Err(AttributeError::Nonexistent(key.clone()));
                    }
                }
            }
        }
        Ok(attributes)
    }
}

impl Known {
    fn check(&self, value: &str) -> Result<(), AttributeError> {
        if !self.values.contains(&value) {
            return Err(AttributeError::Value(self.values));
        }
        match self.not_built {
            Some(not_built) if not_built == value => {
                Err(AttributeError::NotBuilt(self.key, not_built))
            }
            _ => Ok(()),
        }
    }
}

fn known(key: &str) -> Result<&'static Known, AttributeError> {
    if key == RESERVE_TIME {
        return Err(AttributeError::ReserveTime);
    }
    let known = KNOWN.iter().find(|known| known.key == key);
    known.ok_or_else(|| AttributeError::Unknown(key.to_owned()))
}

fn change(part: &str) -> Result<(&str, Option<&str>), AttributeError> {
    let malformed = |key: &str| key.is_empty() || key.contains(['+', '-']);
    if let Some(rest) = part.strip_prefix('+') {
        return match rest.split_once('=') {
            Some((key, value)) if !malformed(key) && !value.is_empty() => Ok((key, Some(value))),
            _ => Err(AttributeError::AlterFormat(part.to_owned())),
        };
    }
    match part.strip_prefix('-') {
        Some(key) if !malformed(key) && !key.contains('=') => Ok((key, None)),
        Some(_) => Err(AttributeError::DeleteFormat(part.to_owned())),
        None => Err(AttributeError::Format(part.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn apply(text: &str, stored: Option<&[(&str, &str)]>) -> Result<String, String> {
        let stored = stored.map(|stored| {
            let pairs = stored
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
            pairs.collect::<Attributes>()
        });
        let changes = AttributeChanges::parse(text).map_err(|error| error.to_string())?;
        let attributes = changes
            .apply(stored.as_ref())
            .map_err(|error| error.to_string())?;
        let pairs: Vec<_> = attributes
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        Ok(pairs.join(" "))
    }

    #[test]
    fn attributes_are_set_changed_and_removed() {
        let fifo = &[("message.type", "FIFO")][..];
        let simple = &[("queue.type", "SimpleCQ")][..];
        for (text, stored, expected) in [
            ("", None, ""),
            (
                "+message.type=FIFO,+queue.type=SimpleCQ",
                None,
                "message.type=FIFO queue.type=SimpleCQ",
            ),
            ("+message.type=DELAY", Some(fifo), "message.type=DELAY"),
            ("-message.type", Some(fifo), ""),
            ("", Some(fifo), "message.type=FIFO"),
            ("+queue.type=SimpleCQ", Some(simple), "queue.type=SimpleCQ"),
        ] {
            assert_eq!(apply(text, stored).as_deref(), Ok(expected), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_makes_only_known_attributes(
            parts in vec("\\+(message.type|queue.type|x)=(FIFO|SimpleCQ|y)|-message.type|[-+=a-z]{0,6}", 0..4),
        ) {
            let text = parts.join(",");
            if let Ok(attributes) = apply(&text, None) {
                let is_known = |pair: &str| KNOWN.iter().any(|known| pair.starts_with(known.key));
                prop_assert!(attributes.split_whitespace().all(is_known));
            }
        }
    }

    #[test]
    fn wrong_changes_are_refused_with_rocketmqs_texts() {
        let none = &[][..];
        for (text, stored, expected) in [
            (
                "message.type=FIFO",
                None,
                "attribute format is wrong: message.type=FIFO",
            ),
            (
                "+message.type",
                None,
                "add/alter attribute format is wrong: +message.type",
            ),
            (
                "-message.type=x",
                Some(none),
                "delete attribute format is wrong: -message.type=x",
            ),
            ("+colour=red", None, "unsupported key: colour"),
            (
                "-message.type",
                Some(none),
                "attempt to delete a nonexistent key: message.type",
            ),
            (
                "+queue.type=SimpleCQ",
                Some(none),
                "attempt to update an unchangeable attribute. key: queue.type",
            ),
            (
                "+message.type=FIFO,-message.type",
                None,
                "key duplication: message.type",
            ),
            (
                "+reserve.time=5",
                None,
                "Update topic reserveTime not supported",
            ),
            (
                "-message.type",
                None,
                "only add attribute is supported while creating topic. key: message.type",
            ),
            (
                "+cleanup.policy=COMPACTION",
                None,
                "this version of FerroMQ does not support cleanup.policy=COMPACTION yet",
            ),
        ] {
            assert_eq!(apply(text, stored), Err(expected.to_owned()), "{text}");
        }
        let error = apply("+cleanup.policy=KEEP", None).unwrap_err();
        assert!(error.starts_with("value is not in set: ["), "{error}");
    }
}
