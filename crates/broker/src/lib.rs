//! The broker: topics, groups, sending, pulling, long polling, retry and delay.
