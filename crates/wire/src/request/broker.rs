//! Headers of the requests that brokers serve for ordinary clients, besides send, pull and offsets.

use super::macros::headers;

headers! {
    /// Asks for messages by key (code 12).
    QueryMessageRequest {
        /// Topic.
        topic: String = "topic";
        /// Key.
        key: String = "key";
        /// Most messages wanted.
        max_num: i32 = "maxNum";
        /// From this store time on, in milliseconds since 1970.
        begin_timestamp: i64 = "beginTimestamp";
        /// Up to this store time.
        end_timestamp: i64 = "endTimestamp";
        /// The key is a unique key.
        unique_key_query: bool = "_UNIQUE_KEY_QUERY" or false;
    }

    /// What the query answers.
    QueryMessageResponse {
        /// Store time of the last indexed message.
        index_last_update_timestamp: i64 = "indexLastUpdateTimestamp";
        /// Log offset of the last indexed message.
        index_last_update_phyoffset: i64 = "indexLastUpdatePhyoffset";
    }

    /// Asks for one message by its place in the log (code 33).
    ViewMessageRequest {
        /// Log offset.
        offset: i64 = "offset";
        /// Topic.
        topic: Option<String> = "topic";
    }

    /// A client leaves (code 35).
    UnregisterClientRequest {
        /// Client.
        client_id: String = "clientID";
        /// As producer of this group.
        producer_group: Option<String> = "producerGroup";
        /// As consumer of this group.
        consumer_group: Option<String> = "consumerGroup";
    }

    /// What a heartbeat (code 34) answers.
    HeartbeatResponse {
        /// Short heartbeats are understood.
        is_support_heart_beat_v2: Option<bool> = "IS_SUPPORT_HEART_BEAT_V2";
        /// The client should send its full data.
        is_sub_change: Option<bool> = "IS_SUB_CHANGE";
    }

    /// Asks for a message to be delivered again later (code 36).
    ConsumerSendMsgBackRequest {
        /// Log offset of the message.
        offset: i64 = "offset";
        /// Consumer group.
        group: String = "group";
        /// 0: by retry count; negative: dead letter; else this level.
        delay_level: i32 = "delayLevel";
        /// Id of the message.
        origin_msg_id: Option<String> = "originMsgId";
        /// Topic of the message.
        origin_topic: Option<String> = "originTopic";
        /// The retry topic gets the unit flag.
        unit_mode: bool = "unitMode" or false;
        /// Retry limit.
        max_reconsume_times: Option<i32> = "maxReconsumeTimes";
    }

    /// Ends a transaction (code 37).
    EndTransactionRequest {
        /// Producer group.
        producer_group: String = "producerGroup";
        /// Queue offset of the half message.
        tran_state_table_offset: i64 = "tranStateTableOffset";
        /// Log offset of the half message.
        commit_log_offset: i64 = "commitLogOffset";
        /// 8 commit, 12 roll back, 0 unknown.
        commit_or_rollback: i32 = "commitOrRollback";
        /// The answer to a check.
        from_transaction_check: bool = "fromTransactionCheck" or false;
        /// Unique key.
        msg_id: String = "msgId";
        /// Unique key.
        transaction_id: Option<String> = "transactionId";
        /// Real topic.
        topic: Option<String> = "topic";
    }

    /// Client ids of a group (code 38).
    GetConsumerListByGroupRequest {
        /// Consumer group.
        consumer_group: String = "consumerGroup";
    }

    /// Recalls a timer message (code 370).
    RecallMessageRequest {
        /// Producer group.
        producer_group: Option<String> = "producerGroup";
        /// Topic.
        topic: String = "topic";
        /// Handle the send answered.
        recall_handle: String = "recallHandle";
    }

    /// What a recall answers.
    RecallMessageResponse {
        /// Unique key of the recalled message.
        msg_id: String = "msgId";
    }
}
