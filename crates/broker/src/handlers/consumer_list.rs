//! GET_CONSUMER_LIST_BY_GROUP: the client ids of a consumer group.
