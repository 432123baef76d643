//! GET_MIN_OFFSET and GET_EARLIEST_MSG_STORETIME: the beginning of a queue.
