//! What may be done with a topic, as RocketMQ's permission bits.

use std::fmt;

/// Permission bits of a topic or of the broker: 1 inherit, 2 write, 4 read, 8 priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Permission(u32);

impl Permission {
    /// Nothing but being a template for topics that are created on send.
    pub const INHERIT: Self = Self(1);
    /// Read and write, the permission of an ordinary topic.
    pub const READ_WRITE: Self = Self(6);
    /// Read, write and template.
    pub const READ_WRITE_INHERIT: Self = Self(7);

    const INHERIT_BIT: u32 = 1;
    const WRITE_BIT: u32 = 2;
    const READ_BIT: u32 = 4;

    /// From the bits of the wire or the topic file; unknown bits are kept.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The bits as they go over the wire.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether consumers may pull.
    #[must_use]
    pub const fn is_readable(self) -> bool {
        self.0 & Self::READ_BIT != 0
    }

    /// Whether producers may send.
    #[must_use]
    pub const fn is_writable(self) -> bool {
        self.0 & Self::WRITE_BIT != 0
    }

    /// Whether topics created on send may take their settings from this topic.
    #[must_use]
    pub const fn is_inheritable(self) -> bool {
        self.0 & Self::INHERIT_BIT != 0
    }

    /// The same without the template bit.
    #[must_use]
    pub const fn without_inherit(self) -> Self {
        Self(self.0 & !Self::INHERIT_BIT)
    }

    /// Only what `limit` allows too. Name servers are told a topic's permission limited by the broker's.
    #[must_use]
    pub const fn limited_by(self, limit: Self) -> Self {
        Self(self.0 & limit.0)
    }
}

impl fmt::Display for Permission {
    /// The form of Apache RocketMQ's tools: `RWX` with `-` for what is missing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = |on: bool, letter: char| if on { letter } else { '-' };
        write!(
            f,
            "{}{}{}",
            mark(self.is_readable(), 'R'),
            mark(self.is_writable(), 'W'),
            mark(self.is_inheritable(), 'X')
        )
    }
}
