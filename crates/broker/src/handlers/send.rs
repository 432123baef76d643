//! SEND_MESSAGE, both forms of its header: one message into one queue.
