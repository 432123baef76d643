//! The quick reader of JSON headers must agree with the tolerant one, and the typed readers must survive anything.
#![no_main]

use std::collections::BTreeMap;

use ferromq_wire::request::{PopMessageRequest, PullRequest, RegisterBrokerRequest, SendRequest};
use ferromq_wire::{FromFields, RequestCode, RequestHeader, Scratch, SerializeType};
use libfuzzer_sys::fuzz_target;

type Said = ([i32; 4], &'static str, Option<String>, BTreeMap<Vec<u8>, Vec<u8>>);

fn said(header: &RequestHeader<'_>) -> Option<Said> {
    let mut scratch = Scratch::default();
    let view = header.fields.view(&mut scratch).ok()?;
    let fields = view.iter().map(|(k, v)| (k.to_vec(), v.to_vec())).collect();
    let numbers = [header.code, header.flag, header.opaque, header.version.0];
    Some((numbers, header.language.name(), header.remark().map(Into::into), fields))
}

fuzz_target!(|data: &[u8]| {
    let quick = RequestHeader::parse_bytes(SerializeType::Json, data);
    if let Ok(header) = &quick {
        let mut scratch = Scratch::default();
        for code in [10, 310] {
            let _ = SendRequest::parse(RequestCode(code), &header.fields, &mut scratch);
        }
        let _ = PullRequest::parse(&header.fields, &mut scratch);
        let _ = PopMessageRequest::from_fields(&header.fields);
        let _ = RegisterBrokerRequest::from_fields(&header.fields);
    }
    // Bytes that are no UTF-8 are kept by one reader and replaced by the other.
    if std::str::from_utf8(data).is_ok() {
        let tolerant = RequestHeader::parse_tolerant(data);
        assert_eq!(
            quick.ok().as_ref().and_then(said),
            tolerant.ok().as_ref().and_then(said)
        );
    }
});
