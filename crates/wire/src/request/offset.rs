//! Headers of the requests about offsets and times of a queue.

use super::macros::headers;

headers! {
    /// Reads a group's offset (code 14).
    QueryConsumerOffsetRequest {
        /// Consumer group.
        consumer_group: String = "consumerGroup";
        /// Topic.
        topic: String = "topic";
        /// Queue.
        queue_id: i32 = "queueId";
        /// False: "not found" instead of 0.
        set_zero_if_not_found: Option<bool> = "setZeroIfNotFound";
    }

    /// Commits a group's offset (code 15).
    UpdateConsumerOffsetRequest {
        /// Consumer group.
        consumer_group: String = "consumerGroup";
        /// Topic.
        topic: String = "topic";
        /// Queue.
        queue_id: i32 = "queueId";
        /// Next offset to consume.
        commit_offset: i64 = "commitOffset";
    }

    /// Offset by store time (code 29).
    SearchOffsetRequest {
        /// Topic.
        topic: String = "topic";
        /// Queue.
        queue_id: i32 = "queueId";
        /// Time in milliseconds since 1970.
        timestamp: i64 = "timestamp";
        /// `LOWER` or `UPPER`, in any case.
        boundary_type: Option<String> = "boundaryType";
    }

    /// End offset of a queue (code 30).
    GetMaxOffsetRequest {
        /// Topic.
        topic: String = "topic";
        /// Queue.
        queue_id: i32 = "queueId";
    }

    /// First offset of a queue (code 31).
    GetMinOffsetRequest {
        /// Topic.
        topic: String = "topic";
        /// Queue.
        queue_id: i32 = "queueId";
    }

    /// Time of a queue's first message (code 32).
    GetEarliestMsgStoretimeRequest {
        /// Topic.
        topic: String = "topic";
        /// Queue.
        queue_id: i32 = "queueId";
    }

    /// What codes 14, 29, 30 and 31 answer.
    OffsetResponse {
        /// The offset.
        offset: i64 = "offset";
    }

    /// What code 32 answers.
    TimestampResponse {
        /// Time in milliseconds since 1970; -1: nothing there.
        timestamp: i64 = "timestamp";
    }
}
