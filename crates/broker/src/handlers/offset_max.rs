//! GET_MAX_OFFSET: the end of a queue.
