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

    /// Reads `text`, which is already trimmed.
    fn read(text: &str, range: Option<(i64, i64)>) -> Result<Self::Value, Refused<Self::Value>>;
    /// The text a properties file would hold for `value`.
    fn write(value: &Self::Value) -> String;
}

/// A text that is not allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused<V> {
    /// What is allowed, for the reader of a warning.
    pub allowed: String,
    /// What to use instead: the nearest allowed value; if none, the value stays as it was.
    pub instead: Option<V>,
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
/// Time span in hours.
#[derive(Debug)]
pub struct Hours;
/// Hours of the day from 0 to 23, separated by `;`.
#[derive(Debug)]
pub struct HoursOfDay;
/// Text.
#[derive(Debug)]
pub struct Text;
/// Text that may be absent; an empty value means absent.
#[derive(Debug)]
pub struct MaybeText;

impl Kind for Bool {
    type Value = bool;
    const NAME: &'static str = "bool";

    fn read(text: &str, _range: Option<(i64, i64)>) -> Result<bool, Refused<bool>> {
        match text {
            t if t.eq_ignore_ascii_case("true") => Ok(true),
            t if t.eq_ignore_ascii_case("false") => Ok(false),
            _ => Err(Refused {
                allowed: "true or false".to_owned(),
                instead: Some(false),
            }),
        }
    }

    fn write(value: &bool) -> String {
        value.to_string()
    }
}

/// Reads a whole number within `range` and the limits of its type; a number beyond is moved to the nearest limit.
fn whole(
    text: &str,
    range: Option<(i64, i64)>,
    type_range: (i64, i64),
) -> Result<i64, Refused<i64>> {
    let (low, high) = range.unwrap_or(type_range);
    let (low, high) = (low.max(type_range.0), high.min(type_range.1));
    let number = text.parse::<i64>().ok();
    match number {
        Some(number) if (low..=high).contains(&number) => Ok(number),
        _ => Err(Refused {
            allowed: match high {
                i64::MAX => format!("a whole number from {low}"),
                _ => format!("a whole number from {low} to {high}"),
            },
            instead: number.map(|number| number.clamp(low, high)),
        }),
    }
}

/// [`whole`] from 0 on, as another type.
fn natural<V>(
    text: &str,
    range: Option<(i64, i64)>,
    most: i64,
    convert: impl Fn(u64) -> V,
) -> Result<V, Refused<V>> {
    match whole(text, range, (0, most)) {
        Ok(number) => Ok(convert(number.unsigned_abs())),
        Err(refused) => Err(Refused {
            allowed: refused.allowed,
            instead: refused.instead.map(|number| convert(number.unsigned_abs())),
        }),
    }
}

impl Kind for Int {
    type Value = i64;
    const NAME: &'static str = "int";

    fn read(text: &str, range: Option<(i64, i64)>) -> Result<i64, Refused<i64>> {
        whole(text, range, (i64::MIN, i64::MAX))
    }

    fn write(value: &i64) -> String {
        value.to_string()
    }
}

impl Kind for Count {
    type Value = u32;
    const NAME: &'static str = "int";

    fn read(text: &str, range: Option<(i64, i64)>) -> Result<u32, Refused<u32>> {
        natural(text, range, i64::from(u32::MAX), |n| {
            u32::try_from(n).unwrap_or(u32::MAX)
        })
    }

    fn write(value: &u32) -> String {
        value.to_string()
    }
}

impl Kind for Port {
    type Value = u16;
    const NAME: &'static str = "port";

    fn read(text: &str, range: Option<(i64, i64)>) -> Result<u16, Refused<u16>> {
        // The nearest port to a wrong one is no better than any other.
        natural(text, range, i64::from(u16::MAX), |n| {
            u16::try_from(n).unwrap_or(u16::MAX)
        })
        .map_err(|refused| Refused {
            instead: None,
            ..refused
        })
    }

    fn write(value: &u16) -> String {
        value.to_string()
    }
}

impl Kind for Bytes {
    type Value = u64;
    const NAME: &'static str = "int";
    const UNIT: &'static str = "bytes";

    fn read(text: &str, range: Option<(i64, i64)>) -> Result<u64, Refused<u64>> {
        natural(text, range, i64::MAX, |n| n)
    }

    fn write(value: &u64) -> String {
        value.to_string()
    }
}

impl Kind for Ms {
    type Value = Duration;
    const NAME: &'static str = "int";
    const UNIT: &'static str = "ms";

    fn read(text: &str, range: Option<(i64, i64)>) -> Result<Duration, Refused<Duration>> {
        natural(text, range, i64::MAX, Duration::from_millis)
    }

    fn write(value: &Duration) -> String {
        value.as_millis().to_string()
    }
}

impl Kind for Secs {
    type Value = Duration;
    const NAME: &'static str = "int";
    const UNIT: &'static str = "s";

    fn read(text: &str, range: Option<(i64, i64)>) -> Result<Duration, Refused<Duration>> {
        // So that the sum with any clock reading fits, in milliseconds.
        natural(text, range, i64::MAX / 10_000, Duration::from_secs)
    }

    fn write(value: &Duration) -> String {
        value.as_secs().to_string()
    }
}

impl Kind for Hours {
    type Value = Duration;
    const NAME: &'static str = "int";
    const UNIT: &'static str = "h";

    fn read(text: &str, range: Option<(i64, i64)>) -> Result<Duration, Refused<Duration>> {
        // So that the sum with any clock reading fits, in milliseconds.
        natural(text, range, i64::MAX / 36_000_000, |hours| {
            Duration::from_secs(hours * 3_600)
        })
    }

    fn write(value: &Duration) -> String {
        (value.as_secs() / 3_600).to_string()
    }
}

impl Kind for HoursOfDay {
    type Value = Vec<u8>;
    const NAME: &'static str = "hours";

    fn read(text: &str, _range: Option<(i64, i64)>) -> Result<Vec<u8>, Refused<Vec<u8>>> {
        let parts = text
            .split(';')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        let hours: Option<Vec<u8>> = parts
            .map(|part| part.parse().ok().filter(|hour| *hour < 24))
            .collect();
        match hours {
            Some(hours) if !hours.is_empty() => Ok(hours),
            _ => Err(Refused {
                allowed: "hours from 00 to 23, separated by `;`".to_owned(),
                instead: None,
            }),
        }
    }

    fn write(value: &Vec<u8>) -> String {
        let hours: Vec<String> = value.iter().map(|hour| format!("{hour:02}")).collect();
        hours.join(";")
    }
}

impl Kind for Text {
    type Value = String;
    const NAME: &'static str = "text";

    fn read(text: &str, _range: Option<(i64, i64)>) -> Result<String, Refused<String>> {
        Ok(text.to_owned())
    }

    fn write(value: &String) -> String {
        value.clone()
    }
}

impl Kind for MaybeText {
    type Value = Option<String>;
    const NAME: &'static str = "text";

    fn read(
        text: &str,
        _range: Option<(i64, i64)>,
    ) -> Result<Option<String>, Refused<Option<String>>> {
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
            const NAME: &'static str = concat!("choice" $(, " ", $text)+);

            fn read(
                text: &str,
                _range: Option<(i64, i64)>,
            ) -> Result<$name, $crate::kind::Refused<$name>> {
                match text {
                    $($text => Ok($name::$variant),)+
                    _ => Err($crate::kind::Refused {
                        allowed: format!("one of {}", [$($text),+].join(", ")),
                        instead: None,
                    }),
                }
            }

            fn write(value: &$name) -> String {
                match value { $($name::$variant => $text),+ }.to_owned()
            }
        }
    };
}
pub(crate) use choice;
