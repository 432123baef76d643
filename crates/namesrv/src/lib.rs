//! The name server: brokers register, clients ask for routes.
//!
//! Several name servers know nothing of each other; everything but the key-value settings is lost with the process and
//! comes back with the brokers' next registration. Reading order: [`table`] (the routing table, pure), [`announced`]
//! (which address of a broker a client is given).

pub mod announced;
pub mod table;
