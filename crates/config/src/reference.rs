//! The reference page: every key, from its declaration, as Markdown.

use std::fmt::Write as _;

use crate::key::{Change, Fate, IdleKey, KeyInfo};
use crate::{BrokerConfig, NamesrvConfig, NetConfig, StoreKeys};

/// The whole page.
#[must_use]
pub fn page() -> String {
    let mut out = String::from(INTRODUCTION);
    let groups: [(&str, &[KeyInfo], &[IdleKey]); 4] = [
        ("Broker", BrokerConfig::KEYS, crate::broker::BROKER_IDLE),
        ("Message store", StoreKeys::KEYS, crate::store::STORE_IDLE),
        ("Network", NetConfig::KEYS, crate::net::NET_IDLE),
        (
            "Name server",
            NamesrvConfig::KEYS,
            crate::namesrv::NAMESRV_IDLE,
        ),
    ];
    for (title, keys, _) in groups {
        section(&mut out, title, keys);
    }
    for (title, fate) in [("Not yet", Fate::NotYet), ("Not needed", Fate::NotNeeded)] {
        let _ = write!(
            out,
            "\n## {title}\n\n| Reason | Keys (default) |\n|---|---|\n"
        );
        for (_, _, idle) in groups {
            without_effect(&mut out, idle, fate);
        }
    }
    out
}

const INTRODUCTION: &str = "\
# Configuration keys

<!-- Written by `FERROMQ_BLESS=1 cargo test -p ferromq-config --test it`; do not edit. -->

Files are Java properties files: `key=value`, comments with `#`. The broker reads the keys of broker, message store and
network from `broker.conf` (`-c`), the name server those of name server and network from `namesrv.conf`. Nothing has to
be set. A key that is unknown, misspelt, out of range or without effect gets one line in the log at the start. `live`
keys may be changed while the program runs (of a name server, with `mqadmin updateNamesrvConfig`; a broker takes no changes
yet), `fixed` ones take effect at the next start.
";

/// Keys with effect.
fn section(out: &mut String, title: &str, keys: &[KeyInfo]) {
    let _ = write!(
        out,
        "\n## {title}\n\n| Key | Value | Default | Change | What it does |\n|---|---|---|---|---|\n"
    );
    for key in keys {
        let change = match key.change {
            Change::Live => "live",
            Change::Fixed => "fixed",
        };
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {change} | {}{} |",
            key.name,
            value(key),
            code(key.default),
            key.doc,
            old_spellings(key),
        );
    }
}

/// Kind, unit and range of a value.
fn value(key: &KeyInfo) -> String {
    let mut text = match key.kind.strip_prefix("choice ") {
        Some(names) => names.split(' ').map(code).collect::<Vec<_>>().join(", "),
        None => key.kind.to_owned(),
    };
    if !key.unit.is_empty() {
        let _ = write!(text, ", {}", key.unit);
    }
    if let Some((low, high)) = key.range {
        let _ = write!(text, ", {low} to {high}");
    }
    text
}

fn old_spellings(key: &KeyInfo) -> String {
    match key.legacy {
        [] => String::new(),
        old => format!(" Old spelling: `{}`.", old.join("`, `")),
    }
}

/// Keys without effect, one line for each reason.
fn without_effect(out: &mut String, keys: &[IdleKey], fate: Fate) {
    for group in keys
        .chunk_by(|a, b| a.doc == b.doc)
        .filter(|group| group[0].fate == fate)
    {
        let names: Vec<String> = group.iter().map(idle_text).collect();
        let _ = writeln!(out, "| {} | {} |", group[0].doc, names.join(", "));
    }
}

fn idle_text(key: &IdleKey) -> String {
    match key.default {
        "" => code(key.name),
        default => format!("{} ({})", code(key.name), code(default)),
    }
}

/// Text as code; nothing for an empty one.
fn code(text: &str) -> String {
    match text {
        "" => String::new(),
        _ => format!("`{text}`"),
    }
}
