//! The start of a log segment: records, filler, zeros or garbage.
#![no_main]

use ferromq_wire::message::batch;
use ferromq_wire::message::record::{Scanned, records};
use ferromq_wire::message::{RecordDraft, RecordRef};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = records(data).count();
    let Scanned::Record(record) = RecordRef::scan(data) else {
        return;
    };
    assert_eq!(record.as_bytes(), &data[..record.size()]);
    let _ = (record.check_body(), record.physical_offset(), record.store_timestamp());
    let _ = batch::inner(&record).map(Iterator::count);
    let properties = record.properties();
    let draft = RecordDraft {
        topic: record.topic(),
        queue_id: record.queue_id(),
        flag: record.flag(),
        sys_flag: record.sys_flag(),
        born_timestamp: record.born_timestamp(),
        born_host: record.born_host(),
        store_host: record.store_host(),
        reconsume_times: record.reconsume_times(),
        prepared_transaction_offset: record.prepared_transaction_offset(),
        body: record.body(),
        properties: &[properties.as_bytes()],
    };
    let mut out = Vec::new();
    if draft.encode(&mut out).is_ok() {
        let again = RecordRef::parse(&out).expect("own record");
        assert_eq!((again.topic(), again.body()), (record.topic(), record.body()));
        assert_eq!((again.born_host(), again.store_host()), (record.born_host(), record.store_host()));
        assert_eq!(again.reconsume_times(), record.reconsume_times());
        assert_eq!(again.properties().as_bytes(), properties.as_bytes());
    }
});
