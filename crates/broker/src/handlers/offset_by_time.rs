//! SEARCH_OFFSET_BY_TIMESTAMP: the place in a queue at a moment.
