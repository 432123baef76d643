//! All keys of one program: read from a file, overridden by the command line, printed, changed while running.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::env::Env;
use crate::groups::{BrokerGroups, Groups, NamesrvGroups};
use crate::idle::ADVICE;
use crate::key::{Change, IdleKey, KeyInfo};
use crate::nearest::nearest;
use crate::notice::Notice;
use crate::properties::{Entry, Properties, PropertiesError, write_entry};

/// The settings of a broker: `settings.groups.broker`, `.store`, `.net`.
pub type BrokerSettings = Settings<BrokerGroups>;
/// The settings of a name server: `settings.groups.namesrv`, `.net`.
pub type NamesrvSettings = Settings<NamesrvGroups>;

/// Which keys to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// All keys, those without effect and unknown ones of the file included.
    All,
    /// Those that most installations set.
    Important,
}

/// Why a change while running is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UpdateError {
    /// One of the keys must not be changed over the network; nothing was changed.
    #[error("key `{key}` must not be changed over the network; set it in the file and restart")]
    BlackListed {
        /// The key.
        key: String,
    },
}

/// The structs of keys of one program, and what its file says beyond them.
#[derive(Clone, Debug)]
pub struct Settings<T> {
    /// The structs for the parts. Keys that need a restart keep the value of the start.
    pub groups: T,
    /// Everything that the file or an update says, by present spelling, as written.
    given: BTreeMap<String, String>,
    /// Values of keys that need a restart, changed since the start.
    after_restart: BTreeMap<&'static str, String>,
}

/// Where a known key lives: number of its group, place in it.
type Place = (usize, usize);

impl<T: Groups> Settings<T> {
    /// The defaults.
    #[must_use]
    pub fn defaults(env: &Env) -> Self {
        Self {
            groups: T::defaults(env),
            given: BTreeMap::new(),
            after_restart: BTreeMap::new(),
        }
    }

    /// Reads the bytes of a file. What is wrong with a single key is a notice; the rest is used.
    pub fn read(bytes: &[u8], env: &Env) -> Result<(Self, Vec<Notice>), PropertiesError> {
        let properties = Properties::parse(bytes)?;
        let mut settings = Self::defaults(env);
        let mut notices = Vec::new();
        for entry in last_of_each(&properties, &mut notices) {
            settings.take(entry, &properties, &mut notices);
        }
        Ok((settings, notices))
    }

    /// What the file says for a key, as written.
    #[must_use]
    pub fn given(&self, key: &str) -> Option<&str> {
        self.given.get(key).map(String::as_str)
    }

    /// Sets a key from the command line: it wins over the file and is never written to it.
    pub fn overrule(&mut self, key: &str, value: &str) -> Vec<Notice> {
        let mut notices = Vec::new();
        for (place, info) in self.places(key) {
            self.set(place, info, value, &mut notices);
        }
        notices
    }

    /// Takes one entry of the file.
    fn take(&mut self, entry: &Entry, all: &Properties, notices: &mut Vec<Notice>) {
        let value = entry.value.trim();
        let Some((name, old)) = self.present_spelling(&entry.key) else {
            notices.extend(self.without_field(&entry.key, value));
            self.given.insert(entry.key.clone(), value.to_owned());
            return;
        };
        if let Some(old) = old {
            if all.value(name).is_some() {
                notices.push(Notice::OldSpellingIgnored {
                    key: old,
                    now: name,
                });
                return;
            }
            notices.push(Notice::OldSpelling {
                key: old,
                now: name,
            });
        }
        self.given.insert(name.to_owned(), value.to_owned());
        for (place, info) in self.places(name) {
            self.set(place, info, value, notices);
        }
    }

    /// Takes changes made while running, as properties entries. Keys that are neither known nor in the file are
    /// ignored. Live keys change in [`Settings::groups`]; the others wait for the next start.
    pub fn update(
        &mut self,
        changes: &Properties,
        black_list: &str,
    ) -> Result<Vec<Notice>, UpdateError> {
        let black = |key: &str| {
            let listed = black_list.split(';').any(|listed| listed.trim() == key);
            listed || matches!(key, "rocketmqHome" | "configBlackList")
        };
        if let Some(entry) = changes.entries.iter().find(|entry| black(&entry.key)) {
            let key = entry.key.clone();
            return Err(UpdateError::BlackListed { key });
        }
        let mut notices = Vec::new();
        for entry in last_of_each(changes, &mut notices) {
            self.change(&entry.key, entry.value.trim(), &mut notices);
        }
        Ok(notices)
    }

    /// Changes one key while running.
    fn change(&mut self, key: &str, value: &str, notices: &mut Vec<Notice>) {
        let Some((name, _)) = self.present_spelling(key) else {
            let is_known = Self::idle().any(|idle| idle.name == key);
            if is_known || self.given.contains_key(key) {
                self.given.insert(key.to_owned(), value.to_owned());
            }
            notices.extend(self.without_field(key, value));
            return;
        };
        self.given.insert(name.to_owned(), value.to_owned());
        for (place, info) in self.places(name) {
            match info.change {
                Change::Live => self.set(place, info, value, notices),
                Change::Fixed => {
                    self.after_restart.insert(info.name, value.to_owned());
                    notices.push(Notice::AfterRestart { key: info.name });
                }
            }
        }
    }

    /// Sets a field.
    fn set(&mut self, place: Place, info: &KeyInfo, value: &str, notices: &mut Vec<Notice>) {
        let mut groups = self.groups.groups_mut();
        let Some(group) = groups.get_mut(place.0) else {
            return;
        };
        if let Err(allowed) = group.set(place.1, value) {
            notices.push(Notice::NotAllowed {
                key: info.name,
                value: value.to_owned(),
                allowed,
                used: group.text(place.1),
            });
        }
    }

    /// The present spelling of a key that has a field, and the old one if that was written.
    fn present_spelling(&self, key: &str) -> Option<(&'static str, Option<&'static str>)> {
        let groups = self.groups.groups();
        let mut keys = groups.iter().flat_map(|group| group.keys());
        keys.find_map(|info| {
            let old = info.legacy.iter().find(|old| **old == key);
            (info.name == key || old.is_some()).then_some((info.name, old.copied()))
        })
    }

    /// Every field that `name` feeds.
    fn places(&self, name: &str) -> Vec<(Place, &'static KeyInfo)> {
        let mut places = Vec::new();
        for (g, group) in self.groups.groups().iter().enumerate() {
            for (k, info) in group.keys().iter().enumerate() {
                if info.name == name {
                    places.push(((g, k), info));
                }
            }
        }
        places
    }

    /// What to say of a key that has no field; nothing if it is set to the default anyway.
    fn without_field(&self, key: &str, value: &str) -> Option<Notice> {
        if let Some((_, advice)) = ADVICE.iter().find(|(name, _)| *name == key) {
            let key = key.to_owned();
            return Some(Notice::NoKey { key, advice });
        }
        match Self::idle().find(|idle| idle.name == key) {
            Some(idle) if idle.default == value => None,
            Some(idle) => Some(Notice::NoEffect {
                key: idle.name,
                fate: idle.fate,
                why: idle.doc,
            }),
            None => Some(Notice::Unknown {
                key: key.to_owned(),
                nearest: nearest(key, self.names()),
            }),
        }
    }

    /// All known keys without effect.
    fn idle() -> impl Iterator<Item = &'static IdleKey> {
        T::IDLE.iter().copied().flatten()
    }

    /// All known names.
    fn names(&self) -> impl Iterator<Item = &'static str> {
        let groups = self.groups.groups();
        let fields: Vec<&'static str> = groups
            .iter()
            .flat_map(|group| group.keys())
            .map(|info| info.name)
            .collect();
        fields.into_iter().chain(Self::idle().map(|idle| idle.name))
    }

    /// All keys and their values, sorted; absent values are left out.
    #[must_use]
    pub fn entries(&self, selection: Selection) -> BTreeMap<String, String> {
        let mut entries = BTreeMap::new();
        if selection == Selection::All {
            entries.extend(Self::idle().map(|k| (k.name.to_owned(), k.default.to_owned())));
            entries.extend(self.given.clone());
        }
        for group in self.groups.groups() {
            for (index, info) in group.keys().iter().enumerate() {
                if selection == Selection::All || info.important {
                    let value = self.after_restart.get(info.name).cloned();
                    let value = value.unwrap_or_else(|| group.text(index));
                    entries.insert(info.name.to_owned(), value);
                }
            }
        }
        entries.retain(|_, value| !value.is_empty());
        entries
    }

    /// [`Settings::entries`] as properties text, one `key=value` a line.
    #[must_use]
    pub fn dump(&self, selection: Selection) -> String {
        let mut out = String::new();
        for (key, value) in self.entries(selection) {
            write_entry(&mut out, &key, &value);
        }
        out
    }

    /// What to write to the file after an update: only what was given, so that later defaults are not frozen.
    #[must_use]
    pub fn file_text(&self) -> String {
        let mut out = String::new();
        for (key, value) in &self.given {
            write_entry(&mut out, key, value);
        }
        out
    }
}

/// The entry that counts for each key, in order of the file; a notice for each key that occurs again.
fn last_of_each<'a>(properties: &'a Properties, notices: &mut Vec<Notice>) -> Vec<&'a Entry> {
    let mut last: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (index, entry) in properties.entries.iter().enumerate() {
        let seen = last.entry(&entry.key).or_insert((index, 0));
        *seen = (index, seen.1 + 1);
    }
    let mut indexes: Vec<(usize, usize)> = last.into_values().collect();
    indexes.sort_unstable();
    let entries: Vec<(&Entry, usize)> = indexes
        .into_iter()
        .filter_map(|(index, times)| Some((properties.entries.get(index)?, times)))
        .collect();
    for (entry, _) in entries.iter().filter(|(_, times)| 1 < *times) {
        notices.push(Notice::Repeated {
            key: entry.key.clone(),
            line: entry.line,
        });
    }
    entries.into_iter().map(|(entry, _)| entry).collect()
}
