//! What can be run: each role alone, or name server and broker together.

mod broker;
mod namesrv;
mod running;
mod standalone;

pub(crate) use broker::run as broker;
pub(crate) use namesrv::run as namesrv;
pub(crate) use standalone::run as standalone;
