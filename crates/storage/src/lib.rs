//! Commit log, consume queues, key index, checkpoint and recovery.
