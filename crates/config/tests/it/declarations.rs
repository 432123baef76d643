//! Properties of the declarations themselves.

use std::collections::BTreeSet;
use std::path::Path;

use ferromq_config::groups::{BrokerGroups, Groups, NamesrvGroups};
use ferromq_config::{
    BrokerConfig, Env, NamesrvConfig, NetConfig, Selection, Settings, StoreKeys, reference,
};

/// Every name that a file of these groups may hold, with its old spellings.
fn names<T: Groups>() -> Vec<&'static str> {
    let groups = T::defaults(&Env::default());
    let mut names: Vec<&str> = T::IDLE
        .iter()
        .copied()
        .flatten()
        .map(|key| key.name)
        .collect();
    for group in groups.groups() {
        for key in group.keys() {
            names.push(key.name);
            names.extend(key.legacy);
        }
    }
    names
}

#[test]
fn every_key_is_declared_once() {
    for names in [names::<BrokerGroups>(), names::<NamesrvGroups>()] {
        let mut seen = BTreeSet::new();
        let doubles: Vec<&&str> = names.iter().filter(|name| !seen.insert(**name)).collect();
        assert!(doubles.is_empty(), "{doubles:?}");
    }
}

#[test]
fn every_default_is_allowed_by_its_own_range() {
    fn check<T: Groups>() {
        let mut groups = T::defaults(&Env::default());
        for group in groups.groups_mut() {
            for (index, key) in group.keys().iter().enumerate() {
                let text = group.text(index);
                assert_eq!(group.set(index, &text), Ok(()), "{}", key.name);
                assert_eq!(group.text(index), text, "{}", key.name);
                assert!(key.doc.ends_with('.'), "{}", key.name);
            }
        }
    }
    check::<BrokerGroups>();
    check::<NamesrvGroups>();
}

#[test]
fn the_defaults_dump_without_any_notice_about_known_keys() {
    let settings: Settings<BrokerGroups> = Settings::defaults(&Env::default());
    let dump = settings.dump(Selection::All);
    let (_, notices) = Settings::<BrokerGroups>::read(dump.as_bytes(), &Env::default()).unwrap();
    assert_eq!(notices, []);
}

#[test]
fn the_reference_page_names_every_key() {
    let page = reference::page();
    for name in names::<BrokerGroups>()
        .into_iter()
        .chain(names::<NamesrvGroups>())
    {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
}

/// The text of all Rust sources of the other crates.
fn other_sources(dir: &Path, text: &mut String) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            other_sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// A key with a field has an effect, so somebody must read the field. Tables without effect are for all others.
#[test]
fn every_field_is_read_by_somebody() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut text = String::new();
    for reader in ["broker", "namesrv", "server"] {
        other_sources(&crates.join(reader).join("src"), &mut text);
    }
    let words: BTreeSet<&str> = text
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .collect();
    let groups = [
        BrokerConfig::KEYS,
        StoreKeys::KEYS,
        NetConfig::KEYS,
        NamesrvConfig::KEYS,
    ];
    let unread: Vec<&str> = groups
        .into_iter()
        .flatten()
        // Read by the check of the whole, in this crate.
        .filter(|key| key.name != "brokerRole" && !words.contains(key.field))
        .map(|key| key.name)
        .collect();
    assert!(unread.is_empty(), "{unread:?}");
}

/// The page in the tree is what the declarations say. `FERROMQ_BLESS=1` rewrites it.
#[test]
fn the_reference_page_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/config.md");
    let page = reference::page();
    if std::env::var_os("FERROMQ_BLESS").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    assert!(
        std::fs::read_to_string(path).unwrap_or_default() == page,
        "docs/config.md is out of date: FERROMQ_BLESS=1 cargo test -p ferromq-config --test it"
    );
}
