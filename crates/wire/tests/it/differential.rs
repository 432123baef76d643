//! The quick header reader, the tolerant one and `serde_json` must agree wherever more than one of them has an opinion.

use std::collections::BTreeMap;

use ferromq_wire::frame::SerializeType;
use ferromq_wire::{RequestHeader, Scratch};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Everything a header says, fields with the last value of each name; none if a value has a malformed escape.
#[derive(Debug, PartialEq)]
struct Said {
    numbers: [i32; 4],
    language: &'static str,
    remark: Option<String>,
    absent: bool,
    fields: BTreeMap<Vec<u8>, Vec<u8>>,
}

fn said(header: &RequestHeader<'_>) -> Option<Said> {
    let mut scratch = Scratch::default();
    let view = header.fields.view(&mut scratch).ok()?;
    Some(Said {
        numbers: [header.code, header.flag, header.opaque, header.version.0],
        language: header.language.name(),
        remark: header.remark().map(std::borrow::Cow::into_owned),
        absent: header.fields.is_absent(),
        fields: view
            .iter()
            .map(|(key, value)| (key.to_vec(), value.to_vec()))
            .collect(),
    })
}

fn quick(text: &str) -> Option<Said> {
    let header = RequestHeader::parse_bytes(SerializeType::Json, text.as_bytes()).ok()?;
    said(&header)
}

fn tolerant(text: &str) -> Option<Said> {
    said(&RequestHeader::parse_tolerant(text.as_bytes()).ok()?)
}

fn ext_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        8 => any::<String>().prop_map(Value::from),
        2 => "[ -~\u{1}\u{2}]{0,40}".prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ]
}

prop_compose! {
    fn header()(
        numbers in any::<[i32; 4]>(),
        language in prop_oneof![Just("JAVA"), Just("GO"), Just("CPP"), Just("go"), Just("?")],
        remark in proptest::option::of(any::<String>()),
        ext in proptest::option::of(proptest::collection::btree_map("\\PC{0,12}", ext_value(), 0..30)),
    ) -> Value {
        let [code, flag, opaque, version] = numbers;
        let mut header = json!({
            "code": code, "flag": flag, "opaque": opaque, "version": version,
            "language": language, "serializeTypeCurrentRPC": "JSON",
        });
        if let Some(remark) = remark {
            header["remark"] = remark.into();
        }
        if let Some(ext) = ext {
            header["extFields"] = Value::Object(ext.into_iter().collect::<Map<_, _>>());
        }
        header
    }
}

/// What `serde_json` says a header means.
fn meaning(header: &Value) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let Some(ext) = header["extFields"].as_object() else {
        return BTreeMap::new();
    };
    ext.iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            (key.clone().into_bytes(), text.into_bytes())
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_readers_agree_on_valid_headers(header in header(), pretty in any::<bool>()) {
        let text = if pretty {
            serde_json::to_string_pretty(&header).unwrap()
        } else {
            header.to_string()
        };
        let quick = quick(&text).unwrap();
        prop_assert_eq!(&quick, &tolerant(&text).unwrap());
        prop_assert_eq!(i64::from(quick.numbers[0]), header["code"].as_i64().unwrap());
        prop_assert_eq!(quick.remark.as_deref(), header["remark"].as_str());
        prop_assert_eq!(quick.absent, header.get("extFields").is_none());
        prop_assert_eq!(quick.fields, meaning(&header));
    }

    #[test]
    fn the_quick_reader_never_reads_what_the_tolerant_one_reads_otherwise(
        header in header(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), "[\\PC\\\\\"'{}:,\u{0}-\u{20}]"), 0..4),
    ) {
        let mut text: Vec<char> = header.to_string().chars().collect();
        for (at, with) in edits {
            let at = at.index(text.len());
            text[at] = with.chars().next().unwrap_or(' ');
        }
        let text: String = text.into_iter().collect();
        prop_assert_eq!(quick(&text), tolerant(&text), "{}", text);
    }

    #[test]
    fn strict_json_means_the_same_to_the_tolerant_reader(value in json_value()) {
        let text = value.to_string();
        let read = ferromq_wire::lenient::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(read, value);
    }
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e9..1e9_f64).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 8, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            proptest::collection::btree_map(any::<String>(), inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}
