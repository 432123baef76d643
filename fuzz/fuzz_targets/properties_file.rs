//! A properties file: what is read is written back to the same entries, and every program's settings survive any file.
#![no_main]

use ferromq_config::properties::write_entry;
use ferromq_config::{BrokerSettings, Env, NamesrvSettings, Properties, Selection};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(properties) = Properties::parse(data) else {
        return;
    };
    let mut text = String::new();
    for entry in &properties.entries {
        write_entry(&mut text, &entry.key, &entry.value);
    }
    assert!(text.is_ascii());
    let again = Properties::parse(text.as_bytes()).expect("own text");
    let pairs = |properties: &Properties| -> Vec<(String, String)> {
        let entries = properties.entries.iter();
        entries.map(|entry| (entry.key.clone(), entry.value.clone())).collect()
    };
    assert_eq!(pairs(&again), pairs(&properties));

    let env = Env::default();
    let (mut broker, _) = BrokerSettings::read(data, &env).expect("a text that was just read");
    let _ = broker.update(&properties, "configBlackList");
    let _ = (broker.dump(Selection::All), broker.file_text(), broker.groups.broker.check());
    let (names, _) = NamesrvSettings::read(data, &env).expect("a text that was just read");
    let dump = names.dump(Selection::All);
    let (again, _) = NamesrvSettings::read(dump.as_bytes(), &env).expect("own text");
    assert_eq!(again.groups, names.groups);
});
