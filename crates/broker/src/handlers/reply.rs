//! SEND_REPLY_MESSAGE: the answer of a consumer to a requesting producer.
