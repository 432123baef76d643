//! Requests of administrators: topics and groups.
