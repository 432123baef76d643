//! QUERY_CONSUMER_OFFSET: the committed offset of a group.
