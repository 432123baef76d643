//! CONSUMER_SEND_MSG_BACK: a message that could not be consumed, to be tried again later.
