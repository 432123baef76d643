//! Messages as they are stored and delivered: records, properties, ids, batches, flags and topic names.

pub mod batch;
pub mod compress;
pub mod id;
pub mod properties;
pub mod record;
pub mod sysflag;
pub mod tag;
pub mod topic;

pub use properties::Properties;
pub use record::{RecordDraft, RecordRef};
pub use tag::tag_hash;
