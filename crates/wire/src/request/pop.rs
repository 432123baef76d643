//! Headers of pop consumption. Their codes exceed 16 bits: JSON headers only.

use super::macros::headers;

headers! {
    /// Pops messages (code 200050).
    PopMessageRequest {
        /// Consumer group.
        consumer_group: String = "consumerGroup";
        /// Topic.
        topic: String = "topic";
        /// Queue; -1: any.
        queue_id: i32 = "queueId";
        /// Most messages wanted.
        max_msg_nums: i32 = "maxMsgNums";
        /// How long the messages stay hidden, in milliseconds.
        invisible_time: i64 = "invisibleTime";
        /// How long the request may be held, in milliseconds.
        poll_time: i64 = "pollTime";
        /// When the request was made; 0: now.
        born_time: i64 = "bornTime" or 0;
        /// First offset of a new group: 0 first, 1 end.
        init_mode: i32 = "initMode";
        /// Type of the filter.
        exp_type: Option<String> = "expType";
        /// Filter.
        exp: Option<String> = "exp";
        /// In order.
        order: bool = "order" or false;
        /// Makes a repeated request of ordered pop harmless.
        attempt_id: Option<String> = "attemptId";
    }

    /// What a pop answers.
    PopMessageResponse {
        /// The broker's clock.
        pop_time: i64 = "popTime";
        /// Echo.
        invisible_time: i64 = "invisibleTime";
        /// Revive queue; 999: ordered.
        revive_qid: i32 = "reviveQid";
        /// Messages left, roughly.
        rest_num: i64 = "restNum";
        /// First offset per queue.
        start_offset_info: Option<String> = "startOffsetInfo";
        /// Offsets per queue.
        msg_offset_info: Option<String> = "msgOffsetInfo";
        /// Deliveries so far, for ordered pop.
        order_count_info: Option<String> = "orderCountInfo";
    }

    /// Acknowledges one message (code 200051).
    AckMessageRequest {
        /// Consumer group.
        consumer_group: String = "consumerGroup";
        /// Topic that was popped.
        topic: String = "topic";
        /// Queue.
        queue_id: i32 = "queueId";
        /// Receipt.
        extra_info: String = "extraInfo";
        /// Queue offset of the message.
        offset: i64 = "offset";
    }

    /// Hides a message longer or shorter (code 200053).
    ChangeInvisibleTimeRequest {
        /// Consumer group.
        consumer_group: String = "consumerGroup";
        /// Topic that was popped.
        topic: String = "topic";
        /// Queue.
        queue_id: i32 = "queueId";
        /// Receipt.
        extra_info: String = "extraInfo";
        /// Queue offset of the message.
        offset: i64 = "offset";
        /// From now on, in milliseconds.
        invisible_time: i64 = "invisibleTime";
    }

    /// What the change answers.
    ChangeInvisibleTimeResponse {
        /// The broker's clock.
        pop_time: i64 = "popTime";
        /// New time.
        invisible_time: i64 = "invisibleTime";
        /// Revive queue.
        revive_qid: i32 = "reviveQid";
    }

    /// Looks without consuming (code 200052).
    PeekMessageRequest {
        /// Consumer group.
        consumer_group: String = "consumerGroup";
        /// Topic.
        topic: String = "topic";
        /// Queue; -1: any.
        queue_id: i32 = "queueId";
        /// Most messages wanted.
        max_msg_nums: i32 = "maxMsgNums";
    }

    /// Asks whether there is a message, and may be held (code 200054).
    NotificationRequest {
        /// Consumer group.
        consumer_group: String = "consumerGroup";
        /// Topic.
        topic: String = "topic";
        /// Queue; -1: any.
        queue_id: i32 = "queueId";
        /// How long the request may be held, in milliseconds.
        poll_time: i64 = "pollTime";
        /// When the request was made.
        born_time: i64 = "bornTime" or 0;
        /// In order.
        order: bool = "order" or false;
        /// Of ordered pop.
        attempt_id: Option<String> = "attemptId";
    }

    /// What the question answers.
    NotificationResponse {
        /// There is a message.
        has_msg: bool = "hasMsg" or false;
        /// Too many are waiting already.
        polling_full: bool = "pollingFull" or false;
    }

    /// Number of held pops (code 200055).
    PollingInfoRequest {
        /// Consumer group.
        consumer_group: String = "consumerGroup";
        /// Topic.
        topic: String = "topic";
        /// Queue.
        queue_id: i32 = "queueId";
    }

    /// What the question answers.
    PollingInfoResponse {
        /// Requests held.
        polling_num: i32 = "pollingNum";
    }
}
