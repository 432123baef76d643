//! VIEW_MESSAGE_BY_ID: one message by its place in the log.
