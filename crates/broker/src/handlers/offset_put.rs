//! UPDATE_CONSUMER_OFFSET: commit the offset of a group.
