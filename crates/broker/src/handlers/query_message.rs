//! QUERY_MESSAGE: messages by key or by unique key.
