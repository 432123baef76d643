//! Keys of the broker.

mod check;
mod idle;

use crate::delay_levels::DelayLevels;
use crate::key::keys;
use crate::kind::{Bool, Bytes, Count, Int, MaybeText, Ms, Port, Text, choice};

pub use check::CheckError;
pub use idle::BROKER_IDLE;

choice! {
    /// `brokerRole`: the part a broker plays in its group of replicas.
    BrokerRole {
        /// Takes writes; a replica follows in its own time.
        AsyncMaster = "ASYNC_MASTER",
        /// Takes writes and answers when a replica has them.
        SyncMaster = "SYNC_MASTER",
        /// Follows a master.
        Slave = "SLAVE",
    }
}

keys! {
    /// What the broker reads: identity, topics and groups, registration, consuming.
    pub struct BrokerConfig {
        "brokerClusterName" => cluster_name: Text = "DefaultCluster", fixed, important;
            "Cluster this broker belongs to; also the name of a topic.";
        "brokerName" => broker_name: Text = "${host.name}", fixed, important;
            "Name of this group of replicas; also the name of a topic.";
        "brokerId" => broker_id: Int = "0", -1..=2_147_483_647, fixed, important;
            "0 is the master, above 0 a slave.";
        "brokerRole" => broker_role: BrokerRole = "ASYNC_MASTER", fixed, important;
            "Part this broker plays in its group of replicas.";
        "brokerIP1" => broker_ip1: MaybeText = "", fixed, important;
            "Address registered for clients; if unset, every client is told an address of this host that it can reach.";
        "brokerIP2" => broker_ip2: MaybeText = "", fixed;
            "Address registered for replication; if unset, the address registered for clients.";
        "listenPort" => listen_port: Port = "10911", fixed, important;
            "Main port; 0 lets the system choose.";
        "bindAddress" => bind_address: Text = "0.0.0.0", fixed;
            "Address to listen on.";
        "namesrvAddr" => namesrv_addr: MaybeText = "${namesrv.addr}", fixed, important;
            "Name servers as `host:port;host:port`.";
        "regionId" => region_id: Text = "DefaultRegion", live;
            "Region written into every message (property MSG_REGION).";
        "brokerPermission" => broker_permission: Count = "6", 0..=7, live;
            "2 write, 4 read, 6 both; topics are registered with no more than this.";
        "autoCreateTopicEnable" => auto_create_topic_enable: Bool = "true", live, important;
            "Create a topic when the first message for it arrives.";
        "defaultTopicQueueNums" => default_topic_queue_nums: Count = "8", 1..=65_535, fixed;
            "Most queues of a topic that is created by sending to it.";
        "clusterTopicEnable" => cluster_topic_enable: Bool = "true", fixed;
            "The topic named like the cluster can be inherited from.";
        "brokerTopicEnable" => broker_topic_enable: Bool = "true", fixed;
            "The topic named like the broker can be inherited from.";
        "autoCreateSubscriptionGroup" => auto_create_subscription_group: Bool = "true", live, important;
            "Create a consumer group when its first member appears.";
        "traceTopicEnable" => trace_topic_enable: Bool = "false", fixed;
            "Create the trace topic at start.";
        "msgTraceTopicName" => trace_topic_name: Text = "RMQ_SYS_TRACE_TOPIC", fixed;
            "Name of the trace topic.";
        "traceOn" => trace_on: Bool = "true", live;
            "Tell clients in replies that messages may be traced.";
        "registerNameServerPeriod" => register_name_server_period: Ms = "30000", 10_000..=60_000, fixed;
            "Pause between two registrations with the name servers.";
        "registerBrokerTimeoutMills" => register_broker_timeout: Ms = "24000", 100..=600_000, live;
            "Longest wait for a name server's answer to a registration.";
        "forceRegister" => force_register: Bool = "true", live;
            "Register every period even if nothing has changed.";
        "channelExpiredTimeout" => channel_expired_timeout: Ms = "120000", 1_000..=86_400_000, fixed;
            "A client that sends no heartbeat for this long is forgotten.";
        "maxMessageSize" => max_message_size: Bytes = "4194304", 1..=16_000_000, fixed, important;
            "Largest message body.";
        "messageDelayLevel" => message_delay_level: DelayLevels
            = "1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h", fixed;
            "Delays of the delay levels, level 1 first.";
        "flushDelayOffsetInterval" => flush_delay_offset_interval: Ms = "1000", 100..=3_600_000, fixed;
            "Pause between two writes of the positions of the delay levels; RocketMQ's default is 10000.";
        "syncFlushTimeout" => sync_flush_timeout: Ms = "5000", 1..=3_600_000, live;
            "Longest wait for the disk with SYNC_FLUSH before FLUSH_DISK_TIMEOUT is answered.";
        "longPollingEnable" => long_polling_enable: Bool = "true", live;
            "Hold a pull that finds nothing until a message arrives or its own time-out ends.";
        "shortPollingTimeMills" => short_polling_time: Ms = "1000", 1..=600_000, live;
            "How long such a pull is held if long polling is off.";
        "notifyConsumerIdsChangedEnable" => notify_consumer_ids_changed_enable: Bool = "true", live;
            "Tell the members of a group when a member comes or goes.";
        "rejectPullConsumerEnable" => reject_pull_consumer_enable: Bool = "false", live;
            "Refuse pulls of groups that have no live member.";
        "flushConsumerOffsetInterval" => flush_consumer_offset_interval: Ms = "1000", 100..=3_600_000, fixed;
            "Pause between two writes of the consumers' positions; RocketMQ's default is 5000.";
        "rebalanceLockMaxLiveTimeMills" => rebalance_lock_max_live_time: Ms = "60000", 1_000..=3_600_000, fixed;
            "A queue lock of an orderly consumer ends if it is not renewed for this long.";
        "storeReplyMessageEnable" => store_reply_message_enable: Bool = "true", live;
            "Store replies of consumers beside pushing them to the producers that asked.";
        "maxHeldPulls" => max_held_pulls: Count = "100000", 0..=100_000_000, live;
            "Most pulls held at a time; further ones are answered at once. FerroMQ only.";
    }
}
