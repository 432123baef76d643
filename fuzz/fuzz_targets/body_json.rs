//! JSON bodies: the tolerant reader agrees with the strict one, and every body survives anything.
#![no_main]

use ferromq_wire::body::{
    ClusterInfo, ConsumerRunningInfo, Dialect, HeartbeatData, LockBatchRequestBody, RegisterBrokerBody,
    ResetOffsetBody, SubscriptionGroupTable, TopicRouteData, decode, encode_as,
};
use ferromq_wire::lenient;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// Reads a body and, if that works, writes and reads it again in both dialects.
fn again<T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(data: &[u8]) {
    let Ok(body) = decode::<T>(data) else {
        return;
    };
    for dialect in [Dialect::Legacy, Dialect::Standard] {
        let text = encode_as(&body, dialect);
        let read = decode::<T>(&text).expect("own body");
        assert_eq!(read, body, "{}", String::from_utf8_lossy(&text));
    }
}

/// Equal but for the last digit of fractions and the sign of zero, where number readers differ.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Array(l), Value::Array(r)) => l.len() == r.len() && l.iter().zip(r).all(|(l, r)| same(l, r)),
        (Value::Object(l), Value::Object(r)) => {
            l.len() == r.len() && l.iter().zip(r).all(|(l, r)| l.0 == r.0 && same(l.1, r.1))
        }
        (Value::Number(l), Value::Number(r)) if l.is_f64() || r.is_f64() => {
            let (l, r) = (l.as_f64().unwrap_or_default(), r.as_f64().unwrap_or_default());
            (l - r).abs() <= l.abs().max(r.abs()) * 1e-15
        }
        _ => left == right,
    }
}

fuzz_target!(|data: &[u8]| {
    if let Ok(strict) = serde_json::from_slice::<Value>(data) {
        // Nested deeper than the tolerant reader follows is the only way to differ.
        if let Ok(tolerant) = lenient::parse(data) {
            assert!(same(&tolerant, &strict), "{tolerant} is not {strict}");
        }
    }
    again::<TopicRouteData>(data);
    again::<ClusterInfo>(data);
    again::<HeartbeatData>(data);
    again::<LockBatchRequestBody>(data);
    again::<ResetOffsetBody>(data);
    again::<RegisterBrokerBody>(data);
    again::<SubscriptionGroupTable>(data);
    let _ = decode::<ConsumerRunningInfo>(data);
});
