//! Request and response codes as data: every code RocketMQ knows, with its name.

use std::fmt;

/// Declares a code type: constants, table, name, display.
macro_rules! codes {
    ($(#[$outer:meta])* $type:ident { $($(#[doc = $doc:literal])+ $code:literal $name:ident;)+ }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(pub i32);

        impl $type {
            $($(#[doc = $doc])+ pub const $name: Self = Self($code);)+

            /// All codes with their names, in ascending order.
            pub const ALL: &[(Self, &str)] = &[$((Self($code), stringify!($name))),+];

            /// The name RocketMQ gives the code.
            #[must_use]
            pub fn name(self) -> Option<&'static str> {
                let at = Self::ALL.binary_search_by_key(&self, |row| row.0).ok()?;
                Some(Self::ALL[at].1)
            }

            /// The code with this name.
            #[must_use]
            pub fn by_name(name: &str) -> Option<Self> {
                Self::ALL.iter().find(|row| row.1 == name).map(|row| row.0)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self.name() {
                    Some(name) => write!(f, "{name} ({})", self.0),
                    None => write!(f, "{}", self.0),
                }
            }
        }
    };
}

codes! {
    /// What a request asks for.
    RequestCode {
        /// Send, long field names.
        10 SEND_MESSAGE;
        /// Pull with long poll.
        11 PULL_MESSAGE;
        /// Find messages by key or unique key.
        12 QUERY_MESSAGE;
        /// Nobody handles it.
        13 QUERY_BROKER_OFFSET;
        /// Read a group's offset.
        14 QUERY_CONSUMER_OFFSET;
        /// Commit a group's offset.
        15 UPDATE_CONSUMER_OFFSET;
        /// Create or change a topic.
        17 UPDATE_AND_CREATE_TOPIC;
        /// Same for many.
        18 UPDATE_AND_CREATE_TOPIC_LIST;
        /// Whole topic table (slave sync too).
        21 GET_ALL_TOPIC_CONFIG;
        /// Nobody handles it.
        22 GET_TOPIC_CONFIG_LIST;
        /// Nobody handles it.
        23 GET_TOPIC_NAME_LIST;
        /// Change broker properties.
        25 UPDATE_BROKER_CONFIG;
        /// Read broker properties.
        26 GET_BROKER_CONFIG;
        /// Nobody handles it.
        27 TRIGGER_DELETE_FILES;
        /// Runtime statistics.
        28 GET_BROKER_RUNTIME_INFO;
        /// Offset by store time.
        29 SEARCH_OFFSET_BY_TIMESTAMP;
        /// Queue max offset.
        30 GET_MAX_OFFSET;
        /// Queue min offset.
        31 GET_MIN_OFFSET;
        /// Time of the first message.
        32 GET_EARLIEST_MSG_STORETIME;
        /// One message by log offset.
        33 VIEW_MESSAGE_BY_ID;
        /// Register producers and consumers.
        34 HEART_BEAT;
        /// Leave.
        35 UNREGISTER_CLIENT;
        /// Retry a message later.
        36 CONSUMER_SEND_MSG_BACK;
        /// Commit or roll back a half message.
        37 END_TRANSACTION;
        /// Client ids of a group.
        38 GET_CONSUMER_LIST_BY_GROUP;
        /// Ask for a transaction's state.
        39 CHECK_TRANSACTION_STATE;
        /// Rebalance hint.
        40 NOTIFY_CONSUMER_IDS_CHANGED;
        /// Lock queues (orderly).
        41 LOCK_BATCH_MQ;
        /// Unlock queues.
        42 UNLOCK_BATCH_MQ;
        /// Whole offset table (slave sync).
        43 GET_ALL_CONSUMER_OFFSET;
        /// Delay-level offsets (slave sync).
        45 GET_ALL_DELAY_OFFSET;
        /// Verify a filter expression.
        46 CHECK_CLIENT_CONFIG;
        /// Nobody handles it.
        47 GET_CLIENT_CONFIG;
        /// Timer checkpoint (slave sync).
        60 GET_TIMER_CHECK_POINT;
        /// Timer metrics (slave sync).
        61 GET_TIMER_METRICS;
        /// Set a KV entry.
        100 PUT_KV_CONFIG;
        /// Read a KV entry.
        101 GET_KV_CONFIG;
        /// Delete a KV entry.
        102 DELETE_KV_CONFIG;
        /// Register topics and liveness.
        103 REGISTER_BROKER;
        /// Leave.
        104 UNREGISTER_BROKER;
        /// Route of a topic.
        105 GET_ROUTEINFO_BY_TOPIC;
        /// Clusters, brokers, addresses.
        106 GET_BROKER_CLUSTER_INFO;
        /// Create or change a group.
        200 UPDATE_AND_CREATE_SUBSCRIPTIONGROUP;
        /// All groups.
        201 GET_ALL_SUBSCRIPTIONGROUP_CONFIG;
        /// Min/max/time per queue.
        202 GET_TOPIC_STATS_INFO;
        /// Connections of a group.
        203 GET_CONSUMER_CONNECTION_LIST;
        /// Connections of a producer group.
        204 GET_PRODUCER_CONNECTION_LIST;
        /// Stop writes to a broker.
        205 WIPE_WRITE_PERM_OF_BROKER;
        /// All topics.
        206 GET_ALL_TOPIC_LIST_FROM_NAMESERVER;
        /// Delete a group.
        207 DELETE_SUBSCRIPTIONGROUP;
        /// Lag of a group.
        208 GET_CONSUME_STATS;
        /// Nobody handles it.
        209 SUSPEND_CONSUMER;
        /// Nobody handles it.
        210 RESUME_CONSUMER;
        /// Nobody handles it.
        211 RESET_CONSUMER_OFFSET_IN_CONSUMER;
        /// Nobody handles it.
        212 RESET_CONSUMER_OFFSET_IN_BROKER;
        /// Nobody handles it.
        213 ADJUST_CONSUMER_THREAD_POOL;
        /// Nobody handles it.
        214 WHO_CONSUME_THE_MESSAGE;
        /// Delete a topic.
        215 DELETE_TOPIC_IN_BROKER;
        /// Delete a topic's route.
        216 DELETE_TOPIC_IN_NAMESRV;
        /// Register one topic.
        217 REGISTER_TOPIC_IN_NAMESRV;
        /// KV entries of a namespace.
        219 GET_KVLIST_BY_NAMESPACE;
        /// Reset offsets in the client.
        220 RESET_CONSUMER_CLIENT_OFFSET;
        /// Client's offsets.
        221 GET_CONSUMER_STATUS_FROM_CLIENT;
        /// Start a reset.
        222 INVOKE_BROKER_TO_RESET_OFFSET;
        /// Ask the broker to do 221.
        223 INVOKE_BROKER_TO_GET_CONSUMER_STATUS;
        /// Topics of a cluster.
        224 GET_TOPICS_BY_CLUSTER;
        /// 200 for many.
        225 UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST;
        /// Groups of a topic.
        300 QUERY_TOPIC_CONSUME_BY_WHO;
        /// No handler (filter servers removed).
        301 REGISTER_FILTER_SERVER;
        /// Nobody handles it.
        302 REGISTER_MESSAGE_FILTER_CLASS;
        /// Consume time range per queue.
        303 QUERY_CONSUME_TIME_SPAN;
        /// System topics.
        304 GET_SYSTEM_TOPIC_LIST_FROM_NS;
        /// System topics.
        305 GET_SYSTEM_TOPIC_LIST_FROM_BROKER;
        /// Delete expired indexes.
        306 CLEAN_EXPIRED_CONSUMEQUEUE;
        /// Internals of a consumer.
        307 GET_CONSUMER_RUNNING_INFO;
        /// Compare two groups.
        308 QUERY_CORRECTION_OFFSET;
        /// Let a consumer consume one message.
        309 CONSUME_MESSAGE_DIRECTLY;
        /// Send, one-letter names.
        310 SEND_MESSAGE_V2;
        /// Unit topics.
        311 GET_UNIT_TOPIC_LIST;
        /// Unit-subscribed topics.
        312 GET_HAS_UNIT_SUB_TOPIC_LIST;
        /// Unit-subscribed, not unit.
        313 GET_HAS_UNIT_SUB_UNUNIT_TOPIC_LIST;
        /// Copy offsets to another group.
        314 CLONE_GROUP_OFFSET;
        /// One statistics item.
        315 VIEW_BROKER_STATS_DATA;
        /// Delete indexes of unknown topics.
        316 CLEAN_UNUSED_TOPIC;
        /// Lag of all groups.
        317 GET_BROKER_CONSUME_STATS;
        /// Change name server properties.
        318 UPDATE_NAMESRV_CONFIG;
        /// Read them.
        319 GET_NAMESRV_CONFIG;
        /// Send a batch.
        320 SEND_BATCH_MESSAGE;
        /// Index entries.
        321 QUERY_CONSUME_QUEUE;
        /// Compare data version, keep alive.
        322 QUERY_DATA_VERSION;
        /// Put a half message back into check.
        323 RESUME_CHECK_HALF_MESSAGE;
        /// Reply, long names.
        324 SEND_REPLY_MESSAGE;
        /// Reply, one-letter names.
        325 SEND_REPLY_MESSAGE_V2;
        /// Deliver a reply.
        326 PUSH_REPLY_MESSAGE_TO_CLIENT;
        /// Undo 205.
        327 ADD_WRITE_PERM_OF_BROKER;
        /// All producer connections.
        328 GET_ALL_PRODUCER_INFO;
        /// Delete expired files now.
        329 DELETE_EXPIRED_COMMITLOG;
        /// Topics of a group.
        343 QUERY_TOPICS_BY_CONSUMER;
        /// Subscription of a group.
        345 QUERY_SUBSCRIPTION_BY_CONSUMER;
        /// One topic config.
        351 GET_TOPIC_CONFIG;
        /// One group config.
        352 GET_SUBSCRIPTIONGROUP_CONFIG;
        /// Forbid a topic for a group.
        353 UPDATE_AND_GET_GROUP_FORBIDDEN;
        /// Compare index stores.
        354 CHECK_ROCKSDB_CQ_WRITE_PROGRESS;
        /// Export config store.
        355 EXPORT_ROCKSDB_CONFIG_TO_JSON;
        /// Pull by lite consumers.
        361 LITE_PULL_MESSAGE;
        /// Recall a timer message.
        370 RECALL_MESSAGE;
        /// Server-side rebalance.
        400 QUERY_ASSIGNMENT;
        /// Pull or pop for topic+group.
        401 SET_MESSAGE_REQUEST_MODE;
        /// Whole mode table (slave sync).
        402 GET_ALL_MESSAGE_REQUEST_MODE;
        /// Static topic mapping.
        513 UPDATE_AND_CREATE_STATIC_TOPIC;
        /// Ids and addresses of a broker name.
        901 GET_BROKER_MEMBER_GROUP;
        /// Start a broker in a container.
        902 ADD_BROKER;
        /// Stop one.
        903 REMOVE_BROKER;
        /// Light keep-alive.
        904 BROKER_HEARTBEAT;
        /// Smallest id changed.
        905 NOTIFY_MIN_BROKER_ID_CHANGE;
        /// HA address, flush offset.
        906 EXCHANGE_BROKER_HA_INFO;
        /// HA state.
        907 GET_BROKER_HA_STATUS;
        /// Override master flush offset.
        908 RESET_MASTER_FLUSH_OFFSET;
        /// Change the in-sync set.
        1001 CONTROLLER_ALTER_SYNC_STATE_SET;
        /// Elect a master.
        1002 CONTROLLER_ELECT_MASTER;
        /// Register a replica.
        1003 CONTROLLER_REGISTER_BROKER;
        /// Replica info.
        1004 CONTROLLER_GET_REPLICA_INFO;
        /// Leader and peers.
        1005 CONTROLLER_GET_METADATA_INFO;
        /// In-sync sets.
        1006 CONTROLLER_GET_SYNC_STATE_DATA;
        /// Epoch list.
        1007 GET_BROKER_EPOCH_CACHE;
        /// New master.
        1008 NOTIFY_BROKER_ROLE_CHANGED;
        /// Change properties.
        1009 UPDATE_CONTROLLER_CONFIG;
        /// Read them.
        1010 GET_CONTROLLER_CONFIG;
        /// Forget a broker.
        1011 CLEAN_BROKER_DATA;
        /// Ask for the next id.
        1012 CONTROLLER_GET_NEXT_BROKER_ID;
        /// Claim an id.
        1013 CONTROLLER_APPLY_BROKER_ID;
        /// Replicated event: channel closed.
        1014 BROKER_CLOSE_CHANNEL_REQUEST;
        /// Replicated event: scan.
        1015 CHECK_NOT_ACTIVE_BROKER_REQUEST;
        /// Replicated query: liveness.
        1016 GET_BROKER_LIVE_INFO_REQUEST;
        /// Nobody handles it.
        1017 GET_SYNC_STATE_DATA_REQUEST;
        /// Replicated event: heartbeat.
        1018 RAFT_BROKER_HEART_BEAT_EVENT_REQUEST;
        /// Cold-read limits.
        2001 UPDATE_COLD_DATA_FLOW_CTR_CONFIG;
        /// Remove limit.
        2002 REMOVE_COLD_DATA_FLOW_CTR_CONFIG;
        /// Show limits.
        2003 GET_COLD_DATA_FLOW_CTR_INFO;
        /// Page-cache advice.
        2004 SET_COMMITLOG_READ_MODE;
        /// Users.
        3001 AUTH_CREATE_USER;
        /// Users.
        3002 AUTH_UPDATE_USER;
        /// Users.
        3003 AUTH_DELETE_USER;
        /// Users.
        3004 AUTH_GET_USER;
        /// Users.
        3005 AUTH_LIST_USER;
        /// Access rules.
        3006 AUTH_CREATE_ACL;
        /// Access rules.
        3007 AUTH_UPDATE_ACL;
        /// Access rules.
        3008 AUTH_DELETE_ACL;
        /// Access rules.
        3009 AUTH_GET_ACL;
        /// Access rules.
        3010 AUTH_LIST_ACL;
        /// Pop.
        200050 POP_MESSAGE;
        /// Acknowledge.
        200051 ACK_MESSAGE;
        /// Look without consuming.
        200052 PEEK_MESSAGE;
        /// Extend or shorten invisibility.
        200053 CHANGE_MESSAGE_INVISIBLETIME;
        /// Is there a message (long poll).
        200054 NOTIFICATION;
        /// Number of waiting pops.
        200055 POLLING_INFO;
        /// Move pop state between stores.
        200056 POP_ROLLBACK;
        /// Acknowledge many.
        200151 BATCH_ACK_MESSAGE;
    }
}

codes! {
    /// How a request ended.
    ResponseCode {
        /// A call between brokers timed out; never sent to clients.
        -1006 RPC_TIME_OUT;
        /// A call between brokers could not be sent; never sent to clients.
        -1004 RPC_SEND_TO_CHANNEL_FAILED;
        /// A call between brokers had no address; never sent to clients.
        -1002 RPC_ADDR_IS_NULL;
        /// A call between brokers failed; never sent to clients.
        -1000 RPC_UNKNOWN;
        /// Done.
        0 SUCCESS;
        /// Any failure without a code of its own; producers try another broker.
        1 SYSTEM_ERROR;
        /// Overload; clients try again.
        2 SYSTEM_BUSY;
        /// Nobody handles this request code here.
        3 REQUEST_CODE_NOT_SUPPORTED;
        /// Not raised any more.
        4 TRANSACTION_FAILED;
        /// Stored, but not flushed in time.
        10 FLUSH_DISK_TIMEOUT;
        /// Stored without a usable slave; or a request only a master may serve.
        11 SLAVE_NOT_AVAILABLE;
        /// Stored, but no slave confirmed in time.
        12 FLUSH_SLAVE_TIMEOUT;
        /// The message was refused.
        13 MESSAGE_ILLEGAL;
        /// The store takes no messages now.
        14 SERVICE_NOT_AVAILABLE;
        /// Not raised any more.
        15 VERSION_NOT_SUPPORTED;
        /// Broker, topic or group permission, reserved topic, or authorisation.
        16 NO_PERMISSION;
        /// No such topic or no route to it.
        17 TOPIC_NOT_EXIST;
        /// Not raised any more.
        18 TOPIC_EXIST_ALREADY;
        /// Nothing at this offset yet.
        19 PULL_NOT_FOUND;
        /// Messages were looked at but none matched; go on at the next offset.
        20 PULL_RETRY_IMMEDIATELY;
        /// The offset is out of range; use the next offset of the reply.
        21 PULL_OFFSET_MOVED;
        /// Nothing found.
        22 QUERY_NOT_FOUND;
        /// Bad filter expression.
        23 SUBSCRIPTION_PARSE_FAILED;
        /// The broker knows no such group or subscription.
        24 SUBSCRIPTION_NOT_EXIST;
        /// The broker's subscription is older than the client's.
        25 SUBSCRIPTION_NOT_LATEST;
        /// No such group.
        26 SUBSCRIPTION_GROUP_NOT_EXIST;
        /// The property filter is not there yet.
        27 FILTER_DATA_NOT_EXIST;
        /// The property filter is older than the client's.
        28 FILTER_DATA_NOT_LATEST;
        /// A queue id, name or other argument is out of range.
        29 INVALID_PARAMETER;
        /// Not raised any more.
        200 TRANSACTION_SHOULD_COMMIT;
        /// Not raised any more.
        201 TRANSACTION_SHOULD_ROLLBACK;
        /// Not raised any more.
        202 TRANSACTION_STATE_UNKNOW;
        /// Not raised any more.
        203 TRANSACTION_STATE_GROUP_WRONG;
        /// Not raised any more; producers try again.
        204 NO_BUYER_ID;
        /// Not raised any more; producers try again.
        205 NOT_IN_CURRENT_UNIT;
        /// The group has no connection.
        206 CONSUMER_NOT_ONLINE;
        /// A forwarded call to a client timed out.
        207 CONSUME_MSG_TIMEOUT;
        /// The acknowledged offset is out of range.
        208 NO_MESSAGE;
        /// Too many held pops.
        209 POLLING_FULL;
        /// Nothing came within the poll time.
        210 POLLING_TIMEOUT;
        /// No such broker.
        211 BROKER_NOT_EXIST;
        /// The broker has not indexed everything yet.
        212 BROKER_DISPATCH_NOT_COMPLETE;
        /// The group consumes by broadcasting.
        213 BROADCAST_CONSUMPTION;
        /// Too fast; wait a little.
        215 FLOW_CONTROL;
        /// This broker does not own the logical queue.
        501 NOT_LEADER_FOR_QUEUE;
        /// The operation is not allowed in this state.
        604 ILLEGAL_OPERATION;
        /// The server is shutting down.
        1500 GO_AWAY;
        /// Controller: stale master epoch.
        2000 CONTROLLER_FENCED_MASTER_EPOCH;
        /// Controller: stale in-sync set epoch.
        2001 CONTROLLER_FENCED_SYNC_STATE_SET_EPOCH;
        /// Controller: not the master.
        2002 CONTROLLER_INVALID_MASTER;
        /// Controller: impossible replicas.
        2003 CONTROLLER_INVALID_REPLICAS;
        /// Controller: no master.
        2004 CONTROLLER_MASTER_NOT_AVAILABLE;
        /// Controller: bad request.
        2005 CONTROLLER_INVALID_REQUEST;
        /// Controller: the broker is not alive.
        2006 CONTROLLER_BROKER_NOT_ALIVE;
        /// Controller: not the leader.
        2007 CONTROLLER_NOT_LEADER;
        /// Controller: unknown broker.
        2008 CONTROLLER_BROKER_METADATA_NOT_EXIST;
        /// Controller: the broker cannot be forgotten.
        2009 CONTROLLER_INVALID_CLEAN_BROKER_METADATA;
        /// Controller: register first.
        2010 CONTROLLER_BROKER_NEED_TO_BE_REGISTERED;
        /// Controller: there still is a master.
        2011 CONTROLLER_MASTER_STILL_EXIST;
        /// Controller: no master could be elected.
        2012 CONTROLLER_ELECT_MASTER_FAILED;
        /// Controller: the in-sync set could not be changed.
        2013 CONTROLLER_ALTER_SYNC_STATE_SET_FAILED;
        /// Controller: bad broker id.
        2014 CONTROLLER_BROKER_ID_INVALID;
        /// Controller: internal error.
        2015 CONTROLLER_JRAFT_INTERNAL_ERROR;
        /// Controller: liveness unknown.
        2016 CONTROLLER_BROKER_LIVE_INFO_NOT_EXISTS;
        /// No such user.
        3001 USER_NOT_EXIST;
        /// No such policy.
        3002 POLICY_NOT_EXIST;
    }
}

impl RequestCode {
    /// True for the codes whose send header has one-letter names.
    #[must_use]
    pub fn has_short_send_names(self) -> bool {
        matches!(
            self,
            Self::SEND_MESSAGE_V2 | Self::SEND_BATCH_MESSAGE | Self::SEND_REPLY_MESSAGE_V2
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_so_that_names_can_be_found() {
        assert_eq!(RequestCode::ALL.len(), 158);
        assert!(RequestCode::ALL.windows(2).all(|w| w[0].0 < w[1].0));
        assert!(ResponseCode::ALL.windows(2).all(|w| w[0].0 < w[1].0));
    }

    #[test]
    fn names_and_codes_belong_together() {
        assert_eq!(RequestCode(310), RequestCode::SEND_MESSAGE_V2);
        assert_eq!(RequestCode(310).name(), Some("SEND_MESSAGE_V2"));
        assert_eq!(RequestCode::by_name("HEART_BEAT"), Some(RequestCode(34)));
        assert_eq!(RequestCode(16).name(), None);
        assert_eq!(RequestCode(16).to_string(), "16");
        assert_eq!(ResponseCode(19).to_string(), "PULL_NOT_FOUND (19)");
        assert_eq!(ResponseCode::RPC_TIME_OUT.name(), Some("RPC_TIME_OUT"));
    }
}
