//! SEND_BATCH_MESSAGE: several messages of one topic in one request.
