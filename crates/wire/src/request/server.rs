//! Headers of the requests that brokers send to clients.

use super::macros::headers;

headers! {
    /// The members or subscriptions of a group changed (code 40).
    NotifyConsumerIdsChangedRequest {
        /// Consumer group.
        consumer_group: String = "consumerGroup";
    }

    /// Asks for the state of a transaction (code 39).
    CheckTransactionStateRequest {
        /// Queue offset of the half message.
        tran_state_table_offset: i64 = "tranStateTableOffset";
        /// Log offset of the half message.
        commit_log_offset: i64 = "commitLogOffset";
        /// Unique key.
        msg_id: Option<String> = "msgId";
        /// Transaction id.
        transaction_id: Option<String> = "transactionId";
        /// The broker's message id.
        offset_msg_id: Option<String> = "offsetMsgId";
        /// Topic of half messages.
        topic: Option<String> = "topic";
        /// Broker name.
        broker_name: Option<String> = "bname";
    }

    /// Delivers a reply (code 326).
    PushReplyMessageRequest {
        /// Producer group of the replier.
        producer_group: String = "producerGroup";
        /// Reply topic.
        topic: String = "topic";
        /// Template for automatic creation.
        default_topic: String = "defaultTopic";
        /// Queues wanted at automatic creation.
        default_topic_queue_nums: i32 = "defaultTopicQueueNums";
        /// Queue.
        queue_id: i32 = "queueId";
        /// System flags.
        sys_flag: i32 = "sysFlag";
        /// When the reply was made.
        born_timestamp: i64 = "bornTimestamp";
        /// The application's own flag.
        flag: i32 = "flag";
        /// Property string.
        properties: Option<String> = "properties";
        /// Deliveries that failed so far.
        reconsume_times: Option<i32> = "reconsumeTimes";
        /// Unit mode.
        unit_mode: bool = "unitMode" or false;
        /// Replier, `ip:port`.
        born_host: String = "bornHost";
        /// Broker, `ip:port`.
        store_host: String = "storeHost";
        /// When the broker got the reply.
        store_timestamp: i64 = "storeTimestamp";
    }

    /// Resets offsets within a client (code 220).
    ResetOffsetRequest {
        /// Topic.
        topic: String = "topic";
        /// Consumer group.
        group: String = "group";
        /// Queue; -1: all.
        queue_id: i32 = "queueId" or -1;
        /// Offset, if given directly.
        offset: Option<i64> = "offset";
        /// Time in milliseconds since 1970.
        timestamp: i64 = "timestamp";
        /// Also forward.
        is_force: bool = "isForce" or false;
    }

    /// Asks a client for its offsets (code 221).
    GetConsumerStatusRequest {
        /// Topic.
        topic: String = "topic";
        /// Consumer group.
        group: String = "group";
        /// Client, in the request of an admin tool.
        client_addr: Option<String> = "clientAddr";
    }

    /// Asks a client for its internals (code 307).
    GetConsumerRunningInfoRequest {
        /// Consumer group.
        consumer_group: String = "consumerGroup";
        /// Client.
        client_id: String = "clientId";
        /// With the stacks of its threads.
        jstack_enable: bool = "jstackEnable" or false;
    }

    /// Lets a client consume one message (code 309).
    ConsumeMessageDirectlyRequest {
        /// Consumer group.
        consumer_group: String = "consumerGroup";
        /// Client.
        client_id: Option<String> = "clientId";
        /// Message.
        msg_id: Option<String> = "msgId";
        /// Broker that holds it.
        broker_name: Option<String> = "brokerName";
        /// Topic.
        topic: Option<String> = "topic";
        /// Flags of the topic.
        topic_sys_flag: Option<i32> = "topicSysFlag";
        /// Flags of the group.
        group_sys_flag: Option<i32> = "groupSysFlag";
    }
}
