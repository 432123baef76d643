//! LOCK_BATCH_MQ and UNLOCK_BATCH_MQ: queue locks of orderly consumers.
