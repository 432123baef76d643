//! What there is to tell about the keys of a file: one clear sentence each.

use std::fmt;

use crate::key::Fate;

/// Something about one key that its author should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// No such key.
    Unknown {
        /// Key as written.
        key: String,
        /// A known key it may have meant.
        nearest: Option<&'static str>,
    },
    /// Something that was never a key, or no longer is.
    NoKey {
        /// Key as written.
        key: String,
        /// What to do instead.
        advice: &'static str,
    },
    /// Known, but without effect.
    NoEffect {
        /// Key.
        key: &'static str,
        /// Why.
        fate: Fate,
        /// What the key belongs to, or why it is not needed.
        why: &'static str,
    },
    /// Not readable or out of range.
    NotAllowed {
        /// Key.
        key: &'static str,
        /// Value as written.
        value: String,
        /// What is allowed.
        allowed: String,
        /// What is used instead.
        used: String,
    },
    /// An old spelling, which was understood.
    OldSpelling {
        /// Key as written.
        key: &'static str,
        /// Present spelling.
        now: &'static str,
    },
    /// An old spelling beside the present one, which wins.
    OldSpellingIgnored {
        /// Key as written.
        key: &'static str,
        /// Present spelling.
        now: &'static str,
    },
    /// A key that occurs more than once; the last one wins.
    Repeated {
        /// Key.
        key: String,
        /// Line of the value that is used.
        line: usize,
    },
    /// A change that waits for the next start.
    AfterRestart {
        /// Key.
        key: &'static str,
    },
    /// A value that another key overrules.
    Overruled {
        /// Key.
        key: &'static str,
        /// Value as written.
        value: String,
        /// What is used instead.
        used: String,
        /// The key that decides.
        by: &'static str,
    },
}

impl Notice {
    /// Whether this is worth a warning; otherwise it is for information only.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        !matches!(
            self,
            Self::NoEffect {
                fate: Fate::NotNeeded,
                ..
            } | Self::AfterRestart { .. }
        )
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown {
                key,
                nearest: Some(nearest),
            } => write!(
                f,
                "key `{key}` is unknown and ignored; did you mean `{nearest}`?"
            ),
            Self::Unknown { key, nearest: None } => {
                write!(f, "key `{key}` is unknown and ignored")
            }
            Self::NoKey { key, advice } => write!(f, "`{key}` is no key and ignored: {advice}"),
            Self::NoEffect {
                key,
                fate: Fate::NotNeeded,
                why,
            } => write!(f, "key `{key}` has no effect: {why}"),
            Self::NoEffect { key, why, .. } => {
                write!(f, "key `{key}` is known but has no effect yet: {why}")
            }
            Self::NotAllowed {
                key,
                value,
                allowed,
                used,
            } => write!(
                f,
                "key `{key}`: `{value}` is not allowed (allowed: {allowed}); `{used}` is used instead"
            ),
            Self::OldSpelling { key, now } => {
                write!(
                    f,
                    "key `{key}` is an old spelling of `{now}`; it works, please rename it"
                )
            }
            Self::OldSpellingIgnored { key, now } => {
                write!(
                    f,
                    "key `{key}` is an old spelling and ignored because `{now}` is set, too"
                )
            }
            Self::Repeated { key, line } => {
                write!(f, "key `{key}` occurs more than once; line {line} is used")
            }
            Self::AfterRestart { key } => {
                write!(f, "key `{key}` is saved and takes effect at the next start")
            }
            Self::Overruled {
                key,
                value,
                used,
                by,
            } => write!(
                f,
                "key `{key}`: `{value}` is overruled by `{by}`; `{used}` is used instead"
            ),
        }
    }
}
