//! Values that peers write in other types than they should: numbers as strings, enums as ordinals, lists as null.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, Unexpected, Visitor};

/// Reads an integer that may be a string or null (= 0).
pub(super) fn integer<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i64> + Default,
{
    Ok(deserializer
        .deserialize_any(IntegerVisitor(PhantomData))?
        .unwrap_or_default())
}

struct IntegerVisitor<T>(PhantomData<T>);

impl<'de, T: TryFrom<i64>> Visitor<'de> for IntegerVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer or a string of digits")
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
        match T::try_from(value) {
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(E::invalid_value(Unexpected::Signed(value), &self)),
        }
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
        match i64::try_from(value) {
            Ok(value) => self.visit_i64(value),
            Err(_) => Err(E::invalid_value(Unexpected::Unsigned(value), &self)),
        }
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
        // Java cuts fractions; a float that holds an integer exactly is what other writers send.
        #[expect(clippy::cast_possible_truncation, reason = "compared right after")]
        let whole = value as i64;
        if (whole as f64 - value).abs() < 1.0 {
            return self.visit_i64(whole);
        }
        Err(E::invalid_value(Unexpected::Float(value), &self))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        if text.is_empty() {
            return Ok(None);
        }
        match i64::from_str(text.trim()) {
            Ok(value) => self.visit_i64(value),
            Err(_) => Err(E::invalid_value(Unexpected::Str(text), &self)),
        }
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
        self.visit_i64(i64::from(value))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// Reads an integer that may be a string, as an element of a list.
pub(super) struct Integer<T>(pub T);

impl<'de, T: TryFrom<i64> + Default> Deserialize<'de> for Integer<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        integer(deserializer).map(Self)
    }
}

/// Reads a list of integers or strings of digits; null is empty.
pub(super) fn integers<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i64> + Default,
{
    let list = Option::<Vec<Integer<T>>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(list.into_iter().map(|item| item.0).collect())
}

/// Reads any value of which null means the default.
pub(super) fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads a boolean that may be a string, a number or null.
pub(super) fn boolean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(option_boolean(deserializer)?.unwrap_or_default())
}

/// Reads a boolean that may be a string, a number or null (= none).
pub(super) fn option_boolean<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<bool>, D::Error> {
    deserializer.deserialize_any(BooleanVisitor)
}

struct BooleanVisitor;

impl Visitor<'_> for BooleanVisitor {
    type Value = Option<bool>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a boolean")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(value != 0))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(value != 0))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.eq_ignore_ascii_case("true")))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// Visits an enum that may be a name or an ordinal; anything else is its default.
pub(super) struct EnumVisitor<T>(PhantomData<T>);

/// An enum with names and ordinals.
pub trait NamedEnum: Copy + Default + 'static {
    /// Values in the order of their ordinals.
    const VALUES: &'static [(Self, &'static str)];
}

/// The value with this name (in any case) or ordinal.
#[must_use]
pub fn enum_value<T: NamedEnum>(name: &str) -> Option<T> {
    if let Ok(ordinal) = usize::from_str(name) {
        return T::VALUES.get(ordinal).map(|row| row.0);
    }
    T::VALUES
        .iter()
        .find(|row| row.1.eq_ignore_ascii_case(name))
        .map(|row| row.0)
}

impl<T: NamedEnum> EnumVisitor<T> {
    /// Reads the enum.
    pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_any(Self(PhantomData))
    }
}

impl<'de, T: NamedEnum> Visitor<'de> for EnumVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name or an ordinal")
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<T, E> {
        let row = usize::try_from(value).ok().and_then(|at| T::VALUES.get(at));
        Ok(row.map_or_else(T::default, |row| row.0))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<T, E> {
        self.visit_u64(u64::try_from(value).unwrap_or(u64::MAX))
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<T, E> {
        Ok(enum_value(name).unwrap_or_default())
    }

    fn visit_unit<E: de::Error>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(T::default())
    }
}

/// Declares an enum that is written by name and read by name or ordinal.
macro_rules! named_enum {
    ($(#[doc = $doc:literal])+ $type:ident { $($(#[doc = $variant_doc:literal])+ $(#[$meta:meta])? $variant:ident = $name:literal,)+ }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub enum $type {
            $($(#[doc = $variant_doc])+ $(#[$meta])? $variant,)+
        }

        impl $type {
            /// Name on the wire.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }

        impl $crate::body::tolerant::NamedEnum for $type {
            const VALUES: &'static [(Self, &'static str)] = &[$((Self::$variant, $name)),+];
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::body::tolerant::EnumVisitor::read(deserializer)
            }
        }
    };
}

pub(super) use named_enum;
