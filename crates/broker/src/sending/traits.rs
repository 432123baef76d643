//! What a producer's property string says that the broker must act upon, found in one pass.

use ferromq_storage::IndexKeys;
use ferromq_wire::message::Properties;
use ferromq_wire::message::properties as key;

/// Keys whose values the broker sets itself, or that may not come from outside.
const REPLACED: [&str; 4] = [key::POP_CK, key::MSG_REGION, key::TRACE_ON, key::CLUSTER];

/// What a property string says. Of a repeated key the last entry counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traits<'a> {
    /// `DELAY` as written.
    pub delay: Option<&'a str>,
    /// Tags and keys, for the queue entry and the index.
    pub index: IndexKeys<'a>,
    /// `TRAN_MSG` says true.
    pub is_half: bool,
    /// Some property asks for delivery at a time of its own.
    pub is_timed: bool,
    /// Some property marks an inner batch.
    pub is_inner_batch: bool,
    /// `REPLY_TO_CLIENT`.
    pub reply_to: Option<&'a str>,
    /// Some entry must not be stored as it is.
    pub has_replaced: bool,
}

impl<'a> Traits<'a> {
    /// Reads a property string.
    pub(crate) fn of(properties: Properties<'a>) -> Self {
        let mut traits = Self::default();
        for (name, value) in properties.iter() {
            match name {
                key::DELAY => traits.delay = Some(value),
                key::UNIQ_KEY => traits.index.unique_key = value,
                key::TAGS => traits.index.tags = value,
                key::KEYS => traits.index.keys = value,
                key::TRAN_MSG => traits.is_half = value.eq_ignore_ascii_case("true"),
                key::TIMER_DELAY_SEC
                | key::TIMER_DELAY_MS
                | key::TIMER_DELIVER_MS
                | key::TIMER_DEL_UNIQKEY => traits.is_timed = true,
                key::INNER_NUM => traits.is_inner_batch = true,
                key::REPLY_TO_CLIENT => traits.reply_to = Some(value),
                _ => traits.has_replaced |= REPLACED.contains(&name),
            }
        }
        traits
    }

    /// The entries of `properties` that are stored as they are: all of them, or a copy in `scratch` without those the
    /// broker replaces and those in `also`.
    pub(crate) fn kept<'b>(
        self,
        properties: Properties<'b>,
        also: &[&str],
        scratch: &'b mut Vec<u8>,
    ) -> &'b [u8] {
        if !self.has_replaced && also.is_empty() {
            return properties.as_bytes();
        }
        scratch.clear();
        let mut unwanted: [&str; 8] = [key::POP_CK; 8];
        unwanted[..REPLACED.len()].copy_from_slice(&REPLACED);
        for (slot, name) in unwanted[REPLACED.len()..].iter_mut().zip(also) {
            *slot = name;
        }
        key::push_without(scratch, properties, &unwanted);
        scratch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_matters_and_the_last_entry_wins() {
        let raw =
            b"DELAY\x011\x02KEYS\x01k\x02DELAY\x013\x02TRAN_MSG\x01TRUE\x02TIMER_DELAY_MS\x015\x02";
        let traits = Traits::of(Properties::new(raw));
        assert_eq!(traits.delay, Some("3"));
        assert_eq!(traits.index.keys, "k");
        assert!(traits.is_half && traits.is_timed && !traits.has_replaced);
    }

    #[test]
    fn entries_of_the_broker_are_left_out() {
        let raw = b"A\x011\x02MSG_REGION\x01x\x02POP_CK\x01y\x02DELAY\x012";
        let properties = Properties::new(raw);
        let mut scratch = Vec::new();
        let traits = Traits::of(properties);
        assert!(traits.has_replaced);
        assert_eq!(
            traits.kept(properties, &[], &mut scratch),
            b"A\x011\x02DELAY\x012\x02"
        );
        assert_eq!(
            traits.kept(properties, &[key::DELAY], &mut scratch),
            b"A\x011\x02"
        );
    }

    #[test]
    fn ordinary_properties_are_not_copied() {
        let raw = b"A\x011";
        let properties = Properties::new(raw);
        let mut scratch = Vec::new();
        let kept = Traits::of(properties).kept(properties, &[], &mut scratch);
        assert_eq!(kept, raw);
    }
}
