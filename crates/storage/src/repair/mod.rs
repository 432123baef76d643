//! Damaged files of queues: found by who reads them, repaired from the log in the background.
//!
//! Reading order: [`wanted`] (what readers ask for), [`region`] (which entries, and where in the log their messages are),
//! [`finds`] (what the log has for them), [`repairer`] (the worker).

mod finds;
mod region;
mod repairer;
mod wanted;

pub(crate) use repairer::Repairer;
pub(crate) use wanted::Wanted;
