//! Compressed bodies: damaged or hostile data never yields more than the limit and never panics.
#![no_main]

use ferromq_wire::Version;
use ferromq_wire::body::RegisterBrokerBody;
use ferromq_wire::message::compress::CompressionType;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    const LIMIT: usize = 1 << 16;
    for kind in [CompressionType::Lz4, CompressionType::Zlib, CompressionType::Zstd] {
        if let Ok(plain) = kind.decompress(data, LIMIT) {
            assert!(plain.len() <= LIMIT);
        }
    }
    let _ = RegisterBrokerBody::decode(data, Version::CURRENT, true);
});
