//! PULL_MESSAGE and LITE_PULL_MESSAGE: messages of one queue, from an offset on.
