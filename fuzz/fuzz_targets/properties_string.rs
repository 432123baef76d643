//! Property strings: normalising one changes nothing that can be read from it.
#![no_main]

use ferromq_wire::message::tag::tag_code;
use ferromq_wire::message::{Properties, properties};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let view = Properties::new(data);
    let _ = tag_code(view);
    let mut copy = Vec::new();
    properties::push_without(&mut copy, view, &[]);
    let copy = Properties::new(&copy);
    assert!(copy.is_terminated());
    assert!(view.iter().eq(copy.iter()));
    for (key, _) in view.iter() {
        assert!(view.has(key));
        assert_eq!(view.get(key), copy.get(key));
        let mut without = Vec::new();
        properties::push_without(&mut without, view, &[key]);
        assert!(!Properties::new(&without).has(key));
    }
});
