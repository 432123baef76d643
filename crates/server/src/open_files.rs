//! The limit of open files: every connection and every store file takes one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Fewer than this deserve a warning: some hundred connections and queues use them up.
const FEW: u64 = 4096;

/// Raises the soft limit to the hard one. Never fails: the limit that is left is used.
pub(crate) fn raise_limit() {
    let before = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: before.maximum,
        maximum: before.maximum,
    };
    if before.current != before.maximum
        && let Err(error) = setrlimit(Resource::Nofile, raised)
    {
        tracing::warn!(%error, "cannot raise the limit of open files");
    }
    if let Some(limit) = getrlimit(Resource::Nofile).current {
        tracing::debug!(limit, "limit of open files");
        if limit < FEW {
            tracing::warn!(
                limit,
                "few open files allowed: raise the hard limit (ulimit -Hn) for many clients or topics"
            );
        }
    }
}
