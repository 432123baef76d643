//! Headers of the requests that name servers serve.

use super::macros::headers;

headers! {
    /// Route of a topic (code 105).
    GetRouteInfoRequest {
        /// Topic.
        topic: String = "topic";
        /// Asks for standard JSON whatever the client's version.
        accept_standard_json_only: bool = "acceptStandardJsonOnly" or false;
    }

    /// Announces a broker with its topics (code 103).
    RegisterBrokerRequest {
        /// Broker name.
        broker_name: String = "brokerName";
        /// Address, `ip:port`.
        broker_addr: String = "brokerAddr";
        /// Cluster.
        cluster_name: String = "clusterName";
        /// Address for replication, `ip:port`.
        ha_server_addr: String = "haServerAddr" or String::new();
        /// 0 is the master.
        broker_id: i64 = "brokerId";
        /// Silence after which the broker counts as gone, in milliseconds.
        heartbeat_timeout_millis: Option<i64> = "heartbeatTimeoutMillis";
        /// Missing: an old broker.
        enable_acting_master: Option<bool> = "enableActingMaster";
        /// The body is in the compressed form.
        compressed: bool = "compressed" or false;
        /// Checksum of the body as sent, without the top bit; 0: not checked.
        body_crc32: i32 = "bodyCrc32" or 0;
        /// Zone of the broker.
        zone_name: Option<String> = "__ZONE_NAME";
        /// FerroMQ only: address its socket is bound to; allows name servers to choose the broker's address for each
        /// client.
        ferro_listen: Option<String> = "ferroListen";
        /// FerroMQ only: addresses of its host as `ip/prefix,ip/prefix`, best first.
        ferro_addrs: Option<String> = "ferroAddrs";
    }

    /// What a registration answers.
    RegisterBrokerResponse {
        /// Replication address of the master.
        ha_server_addr: Option<String> = "haServerAddr";
        /// Address of the master.
        master_addr: Option<String> = "masterAddr";
    }

    /// Withdraws a broker (code 104).
    UnregisterBrokerRequest {
        /// Broker name.
        broker_name: String = "brokerName";
        /// Address, `ip:port`.
        broker_addr: String = "brokerAddr";
        /// Cluster.
        cluster_name: String = "clusterName";
        /// 0 is the master.
        broker_id: i64 = "brokerId";
    }

    /// Light keep-alive of a broker (code 904).
    BrokerHeartbeatRequest {
        /// Cluster.
        cluster_name: String = "clusterName";
        /// Address, `ip:port`.
        broker_addr: String = "brokerAddr";
        /// Broker name.
        broker_name: String = "brokerName";
        /// 0 is the master.
        broker_id: Option<i64> = "brokerId";
        /// For the controller.
        epoch: Option<i32> = "epoch";
        /// For the controller.
        max_offset: Option<i64> = "maxOffset";
        /// For the controller.
        confirm_offset: Option<i64> = "confirmOffset";
        /// Silence after which the broker counts as gone, in milliseconds.
        heartbeat_timeout_mills: Option<i64> = "heartbeatTimeoutMills";
        /// For the controller.
        election_priority: Option<i32> = "electionPriority";
    }

    /// Compares data versions and keeps alive (code 322).
    QueryDataVersionRequest {
        /// Broker name.
        broker_name: String = "brokerName";
        /// Address, `ip:port`.
        broker_addr: String = "brokerAddr";
        /// Cluster.
        cluster_name: String = "clusterName";
        /// 0 is the master.
        broker_id: i64 = "brokerId" or 0;
    }

    /// What the comparison answers.
    QueryDataVersionResponse {
        /// The name server's version differs.
        changed: bool = "changed";
    }

    /// Ids and addresses of a broker name (code 901).
    GetBrokerMemberGroupRequest {
        /// Cluster.
        cluster_name: String = "clusterName";
        /// Broker name.
        broker_name: String = "brokerName";
    }

    /// Tells brokers that the smallest id of their name changed (code 905).
    NotifyMinBrokerIdChangeRequest {
        /// Smallest id now.
        min_broker_id: Option<i64> = "minBrokerId";
        /// Broker name.
        broker_name: Option<String> = "brokerName";
        /// Address of the smallest id.
        min_broker_addr: Option<String> = "minBrokerAddr";
        /// Address that went away.
        offline_broker_addr: Option<String> = "offlineBrokerAddr";
        /// Replication address.
        ha_broker_addr: Option<String> = "haBrokerAddr";
    }

    /// Stops or allows writes to a broker (codes 205 and 327).
    WritePermRequest {
        /// Broker name.
        broker_name: String = "brokerName";
    }

    /// What code 205 answers.
    WipeWritePermResponse {
        /// Topics changed.
        wipe_topic_count: i32 = "wipeTopicCount";
    }

    /// What code 327 answers.
    AddWritePermResponse {
        /// Topics changed.
        add_topic_count: i32 = "addTopicCount";
    }

    /// Sets a key (code 100). Missing parts are the server's to refuse, with RocketMQ's text.
    PutKvConfigRequest {
        /// Namespace.
        namespace: Option<String> = "namespace";
        /// Key.
        key: Option<String> = "key";
        /// Value.
        value: Option<String> = "value";
    }

    /// Names a key (codes 101 and 102).
    KvConfigRequest {
        /// Namespace.
        namespace: Option<String> = "namespace";
        /// Key.
        key: Option<String> = "key";
    }

    /// What code 101 answers.
    GetKvConfigResponse {
        /// Value.
        value: Option<String> = "value";
    }

    /// All keys of a namespace (code 219).
    GetKvListByNamespaceRequest {
        /// Namespace.
        namespace: String = "namespace";
    }

    /// Topics of a cluster (code 224).
    GetTopicsByClusterRequest {
        /// Cluster.
        cluster: String = "cluster";
    }

    /// Forgets the route of a topic (code 216).
    DeleteTopicInNamesrvRequest {
        /// Topic.
        topic: String = "topic";
        /// Only the brokers of this cluster.
        cluster_name: Option<String> = "clusterName";
    }

    /// Registers one topic (code 217).
    RegisterTopicRequest {
        /// Topic.
        topic: String = "topic";
    }
}
