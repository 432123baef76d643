//! The parts of a message's properties from which its queue entry and its index entries are made.

use ferromq_wire::message::properties::{self, Properties};

/// Tags and keys of a message; empty texts where it has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IndexKeys<'a> {
    /// The `TAGS` property, hashed into the queue entry.
    pub tags: &'a str,
    /// The `KEYS` property: keys separated by blanks.
    pub keys: &'a str,
    /// The `UNIQ_KEY` property: the id the client gave the message.
    pub unique_key: &'a str,
}

impl<'a> IndexKeys<'a> {
    /// Picks them out of a property string.
    #[must_use]
    pub fn of(properties: Properties<'a>) -> Self {
        let mut keys = Self::default();
        for (name, value) in properties.iter() {
            match name {
                properties::TAGS => keys.tags = value,
                properties::KEYS => keys.keys = value,
                properties::UNIQ_KEY => keys.unique_key = value,
                _ => {}
            }
        }
        keys
    }

    /// All keys to index, the unique key first.
    pub fn iter(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let unique = Some(self.unique_key).filter(|key| !key.is_empty());
        let keys = self.keys.split(' ').filter(|key| !key.is_empty());
        unique.into_iter().chain(keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_the_unique_one_and_each_part_between_blanks() {
        let text = b"KEYS\x01a  b \x02TAGS\x01t\x02UNIQ_KEY\x01u\x02x\x01y\x02";
        let keys = IndexKeys::of(Properties::new(text));
        assert_eq!(keys.tags, "t");
        assert_eq!(keys.iter().collect::<Vec<_>>(), ["u", "a", "b"]);
        assert_eq!(IndexKeys::default().iter().count(), 0);
    }
}
