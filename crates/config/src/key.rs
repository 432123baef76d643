//! What is known about a key, as data, and the macro that declares keys.

/// When a change of a key takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// At once.
    Live,
    /// At the next start.
    Fixed,
}

/// What becomes of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It does what it does in RocketMQ.
    Effective,
    /// It belongs to something that is not built yet.
    NotYet,
    /// It tunes a mechanism that FerroMQ does not have; nothing is lost by ignoring it.
    NotNeeded,
}

/// One key that has a field.
#[derive(Clone, Copy, Debug)]
pub struct KeyInfo {
    /// Name in the file.
    pub name: &'static str,
    /// Name of the field.
    pub field: &'static str,
    /// Older spellings that are still read.
    pub legacy: &'static [&'static str],
    /// Kind of value, for the reference page.
    pub kind: &'static str,
    /// Unit of the value; empty if there is none.
    pub unit: &'static str,
    /// Default as text; may hold `${user.home}`, `${host.name}`, `${namesrv.addr}`.
    pub default: &'static str,
    /// Least and greatest allowed number.
    pub range: Option<(i64, i64)>,
    /// When a change takes effect.
    pub change: Change,
    /// Printed by `-m`.
    pub important: bool,
    /// One line for the reference page.
    pub doc: &'static str,
}

/// One known key that has no effect.
#[derive(Clone, Copy, Debug)]
pub struct IdleKey {
    /// Name in the file.
    pub name: &'static str,
    /// RocketMQ's default; a file that sets just this value needs no warning.
    pub default: &'static str,
    /// Why it has no effect.
    pub fate: Fate,
    /// One line for the reference page.
    pub doc: &'static str,
}

/// A struct of keys that can be read and written by name.
pub trait Group {
    /// All keys with a field, in order of declaration.
    fn keys(&self) -> &'static [KeyInfo];
    /// Sets the key at `index` of [`Group::keys`] from trimmed text. A text that is not allowed sets the nearest
    /// allowed value or nothing; the error says what is allowed.
    fn set(&mut self, index: usize, text: &str) -> Result<(), String>;
    /// The value of the key at `index` as text; empty for an absent one.
    fn text(&self, index: usize) -> String;
}

/// Declares a struct of keys: each key once, with everything there is to know about it.
///
/// `"name" | "old spelling" => field: Kind = "default", [low..=high,] live|fixed [, important]; "doc";`
macro_rules! keys {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $($key:literal $(| $old:literal)* => $field:ident: $kind:ty = $default:literal
                $(, $low:literal..=$high:literal)?, $change:ident $(, $important:ident)?; $doc:literal;)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $(#[doc = $doc] pub $field: <$kind as $crate::kind::Kind>::Value,)+
        }

        impl $name {
            /// Every key of this struct, in order of declaration.
            pub const KEYS: &'static [$crate::key::KeyInfo] = &[
                $($crate::key::KeyInfo {
                    name: $key,
                    field: stringify!($field),
                    legacy: &[$($old),*],
                    kind: <$kind as $crate::kind::Kind>::NAME,
                    unit: <$kind as $crate::kind::Kind>::UNIT,
                    default: $default,
                    range: $crate::key::keys!(@range $($low..=$high)?),
                    change: $crate::key::keys!(@change $change),
                    important: $crate::key::keys!(@important $($important)?),
                    doc: $doc,
                },)+
            ];

            /// The defaults, with what the environment says about home directories, host name and name servers.
            #[must_use]
            pub fn defaults(env: &$crate::Env) -> Self {
                Self {
                    $($field: <$kind as $crate::kind::Kind>::read(&env.expand($default), None)
                        .ok()
                        .expect("the default of every key is valid, which a test proves"),)+
                }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::defaults(&$crate::Env::default())
            }
        }

        impl $crate::key::Group for $name {
            fn keys(&self) -> &'static [$crate::key::KeyInfo] {
                Self::KEYS
            }

            fn set(&mut self, index: usize, text: &str) -> Result<(), String> {
                let Some(key) = Self::KEYS.get(index) else {
                    return Ok(());
                };
                match key.name {
                    $($key => match <$kind as $crate::kind::Kind>::read(text, key.range) {
                        Ok(value) => self.$field = value,
                        Err(refused) => {
                            if let Some(value) = refused.instead {
                                self.$field = value;
                            }
                            return Err(refused.allowed);
                        }
                    },)+
                    _ => {}
                }
                Ok(())
            }

            fn text(&self, index: usize) -> String {
                match Self::KEYS.get(index).map(|key| key.name) {
                    $(Some($key) => <$kind as $crate::kind::Kind>::write(&self.$field),)+
                    _ => String::new(),
                }
            }
        }
    };
    (@range) => { None };
    (@range $low:literal..=$high:literal) => { Some(($low, $high)) };
    (@change live) => { $crate::key::Change::Live };
    (@change fixed) => { $crate::key::Change::Fixed };
    (@important) => { false };
    (@important important) => { true };
}
pub(crate) use keys;
