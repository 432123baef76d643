//! Kinds of values: how the text of a key becomes a Rust value and back. Default and range of a key are written as
//! text in the unit of the file, so that declaration, file and documentation show the same number.

use std::time::Duration;

/// How one kind of value is read and written. Implemented by marker types, because two kinds may share a Rust type
/// (`Ms` and `Secs` are both a [`Duration`]).
pub trait Kind {
    /// The Rust type of the field.
    type Value: Clone + std::fmt::Debug + PartialEq;
    /// Name in the reference page.
    const NAME: &'static str;
    /// Unit in the reference page; empty if there is none.
    const UNIT: &'static str = "";

    /// Reads `text`, which is already trimmed; the error says what is allowed.
    fn read(text: &str, range: Option<(i64, i64)>) -> Result<Self::Value, String>;
    /// The text a properties file would hold for `value`.
    fn write(value: &Self::Value) -> String;
}

/// `true` or `false` in any case; any other text is false, as in RocketMQ, but is reported.
#[derive(Debug)]
pub struct Bool;
/// Signed whole number.
#[derive(Debug)]
pub struct Int;
/// Whole number from 0.
#[derive(Debug)]
pub struct Count;
/// TCP port; 0 lets the system choose.
#[derive(Debug)]
pub struct Port;
/// Size in bytes.
#[derive(Debug)]
pub struct Bytes;
/// Time span in milliseconds.
#[derive(Debug)]
pub struct Ms;
/// Time span in seconds.
#[derive(Debug)]
pub struct Secs;
/// Text.
#[derive(Debug)]
pub struct Text;
/// Text that may be absent; an empty value means absent.
#[derive(Debug)]
pub struct MaybeText;

impl Kind for Bool {
    type Value = bool;
    const NAME: &'static str = "bool";

    fn read(text: &str, _range: Option<(i64, i64)>) -> Result<bool, String> {
        match text {
            t if t.eq_ignore_ascii_case("true") => Ok(true),
            t if t.eq_ignore_ascii_case("false") => Ok(false),
            _ => Err("true or false".to_owned()),
        }
    }

    fn write(value: &bool) -> String {
        value.to_string()
    }
}

/// Reads a whole number within `range`; the error names the range.
fn whole(text: &str, range: Option<(i64, i64)>, least: i64, most: i64) -> Result<i64, String> {
    let (low, high) = range.unwrap_or((least, most));
    let (low, high) = (low.max(least), high.min(most));
    match text.parse::<i64>() {
        Ok(number) if (low..=high).contains(&number) => Ok(number),
        _ => Err(format!("a whole number from {low} to {high}")),
    }
}

/// [`whole`] from 0 on.
fn natural(text: &str, range: Option<(i64, i64)>) -> Result<u64, String> {
    whole(text, range, 0, i64::MAX).map(i64::unsigned_abs)
}

impl Kind for Int {
    type Value = i64;
    const NAME: &'static str = "int";

    fn read(text: &str, range: Option<(i64, i64)>) -> Result<i64, String> {
        whole(text, range, i64::MIN, i64::MAX)
    }

    fn write(value: &i64) -> String {
        value.to_string()
    }
}

impl Kind for Count {
    type Value = u32;
    const NAME: &'static str = "int";

    fn read(text: &str, range: Option<(i64, i64)>) -> Result<u32, String> {
        whole(text, range, 0, i64::from(u32::MAX)).map(|n| u32::try_from(n).unwrap_or(u32::MAX))
    }

    fn write(value: &u32) -> String {
        value.to_string()
    }
}

impl Kind for Port {
    type Value = u16;
    const NAME: &'static str = "port";

    fn read(text: &str, range: Option<(i64, i64)>) -> Result<u16, String> {
        whole(text, range, 0, i64::from(u16::MAX)).map(|n| u16::try_from(n).unwrap_or(u16::MAX))
    }

    fn write(value: &u16) -> String {
        value.to_string()
    }
}

impl Kind for Bytes {
    type Value = u64;
    const NAME: &'static str = "int";
    const UNIT: &'static str = "bytes";

    fn read(text: &str, range: Option<(i64, i64)>) -> Result<u64, String> {
        natural(text, range)
    }

    fn write(value: &u64) -> String {
        value.to_string()
    }
}

impl Kind for Ms {
    type Value = Duration;
    const NAME: &'static str = "int";
    const UNIT: &'static str = "ms";

    fn read(text: &str, range: Option<(i64, i64)>) -> Result<Duration, String> {
        natural(text, range).map(Duration::from_millis)
    }

    fn write(value: &Duration) -> String {
        value.as_millis().to_string()
    }
}

impl Kind for Secs {
    type Value = Duration;
    const NAME: &'static str = "int";
    const UNIT: &'static str = "s";

    fn read(text: &str, range: Option<(i64, i64)>) -> Result<Duration, String> {
        natural(text, range).map(Duration::from_secs)
    }

    fn write(value: &Duration) -> String {
        value.as_secs().to_string()
    }
}

impl Kind for Text {
    type Value = String;
    const NAME: &'static str = "text";

    fn read(text: &str, _range: Option<(i64, i64)>) -> Result<String, String> {
        Ok(text.to_owned())
    }

    fn write(value: &String) -> String {
        value.clone()
    }
}

impl Kind for MaybeText {
    type Value = Option<String>;
    const NAME: &'static str = "text";

    fn read(text: &str, _range: Option<(i64, i64)>) -> Result<Option<String>, String> {
        Ok((!text.is_empty()).then(|| text.to_owned()))
    }

    fn write(value: &Option<String>) -> String {
        value.clone().unwrap_or_default()
    }
}

/// Declares an enum whose values are constant names, as RocketMQ writes them.
macro_rules! choice {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$vmeta])* $variant),+ }

        impl $crate::kind::Kind for $name {
            type Value = $name;
            const NAME: &'static str = concat!($($text, " "),+);

            fn read(text: &str, _range: Option<(i64, i64)>) -> Result<$name, String> {
                match text {
                    $($text => Ok($name::$variant),)+
                    _ => Err(format!("one of {}", <$name as $crate::kind::Kind>::NAME.trim_end())),
                }
            }

            fn write(value: &$name) -> String {
                match value { $($name::$variant => $text),+ }.to_owned()
            }
        }
    };
}
pub(crate) use choice;
