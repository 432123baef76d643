//! Headers of the requests by which operators manage a broker.

use super::macros::headers;

headers! {
    /// Creates or changes a topic (code 17).
    CreateTopicRequest {
        /// Topic.
        topic: String = "topic";
        /// Ignored by brokers; tools send the template's name.
        default_topic: String = "defaultTopic" or String::new();
        /// Queues to read from.
        read_queue_nums: i32 = "readQueueNums";
        /// Queues to write to.
        write_queue_nums: i32 = "writeQueueNums";
        /// Permission bits: 4 read, 2 write, 1 inherit, 8 priority.
        perm: i32 = "perm";
        /// `SINGLE_TAG` or `MULTI_TAG`.
        topic_filter_type: Option<String> = "topicFilterType";
        /// Flags: 1 unit, 2 unit-subscribed.
        topic_sys_flag: i32 = "topicSysFlag" or 0;
        /// An order topic.
        order: bool = "order" or false;
        /// Changes of attributes: `+key=value,-key`.
        attributes: Option<String> = "attributes";
    }

    /// Deletes a topic (code 215).
    DeleteTopicRequest {
        /// Topic.
        topic: String = "topic";
    }

    /// Names a topic (codes 202, 300 and 351).
    TopicRequest {
        /// Topic.
        topic: String = "topic";
    }

    /// Deletes a group (code 207).
    DeleteSubscriptionGroupRequest {
        /// Group.
        group_name: String = "groupName";
        /// Forget its offsets too.
        clean_offset: bool = "cleanOffset" or false;
    }

    /// Names a group (code 352).
    GetSubscriptionGroupConfigRequest {
        /// Group.
        group: String = "group";
    }

    /// Connections of a consumer group (code 203).
    GetConsumerConnectionListRequest {
        /// Consumer group.
        consumer_group: String = "consumerGroup";
    }

    /// Connections of a producer group (code 204).
    GetProducerConnectionListRequest {
        /// Producer group.
        producer_group: String = "producerGroup";
    }

    /// Progress of a group (code 208).
    GetConsumeStatsRequest {
        /// Consumer group.
        consumer_group: String = "consumerGroup";
        /// Only this topic; blank is all.
        topic: Option<String> = "topic";
        /// Only these topics, separated by `;`, whether the group subscribes to them or not.
        topic_list: Option<String> = "topicList";
    }
}
