//! Bits of a message's `sysFlag`.

use std::net::SocketAddr;

/// The body is compressed.
pub const COMPRESSED: i32 = 0x1;
/// Several tags; has no effect.
pub const MULTI_TAGS: i32 = 0x2;
/// Mask of the transaction type; 0 = no transaction.
pub const TRANSACTION_MASK: i32 = 0xC;
/// Half message.
pub const TRANSACTION_PREPARED: i32 = 0x4;
/// Committed message.
pub const TRANSACTION_COMMIT: i32 = 0x8;
/// Rolled-back message.
pub const TRANSACTION_ROLLBACK: i32 = 0xC;
/// The born host is an IPv6 address.
pub const BORN_HOST_V6: i32 = 0x10;
/// The store host is an IPv6 address.
pub const STORE_HOST_V6: i32 = 0x20;
/// The client must unwrap the body (inner batch).
pub const NEED_UNWRAP: i32 = 0x40;
/// The body is an inner batch.
pub const INNER_BATCH: i32 = 0x80;
/// Mask of the compression type; see [`super::compress::CompressionType`].
pub const COMPRESSION_MASK: i32 = 0x700;

/// The transaction bits of `sys_flag`.
#[must_use]
pub fn transaction(sys_flag: i32) -> i32 {
    sys_flag & TRANSACTION_MASK
}

/// `sys_flag` with its transaction bits replaced by `transaction`.
#[must_use]
pub fn with_transaction(sys_flag: i32, transaction: i32) -> i32 {
    (sys_flag & !TRANSACTION_MASK) | (transaction & TRANSACTION_MASK)
}

/// `sys_flag` with its two address bits set after the families of the hosts.
#[must_use]
pub fn with_hosts(sys_flag: i32, born_host: SocketAddr, store_host: SocketAddr) -> i32 {
    let mut flag = sys_flag & !(BORN_HOST_V6 | STORE_HOST_V6);
    if born_host.is_ipv6() {
        flag |= BORN_HOST_V6;
    }
    if store_host.is_ipv6() {
        flag |= STORE_HOST_V6;
    }
    flag
}

/// True for messages that have no place in their queue's index: prepared and rolled back.
#[must_use]
pub fn is_outside_queue(sys_flag: i32) -> bool {
    matches!(
        transaction(sys_flag),
        TRANSACTION_PREPARED | TRANSACTION_ROLLBACK
    )
}
