//! Keys of the name server.

mod idle;

use crate::key::keys;
use crate::kind::{Bool, Port, Secs, Text};

pub use idle::NAMESRV_IDLE;

keys! {
    /// What the name server reads.
    pub struct NamesrvConfig {
        "listenPort" => listen_port: Port = "9876", fixed, important;
            "Port; 0 lets the system choose.";
        "bindAddress" => bind_address: Text = "0.0.0.0", fixed, important;
            "Address to listen on.";
        "kvConfigPath" => kv_config_path: Text = "${user.home}/namesrv/kvConfig.json", fixed, important;
            "File of the key-value settings, among them the order configuration of topics.";
        "configStorePath" => config_store_path: Text = "${user.home}/namesrv/namesrv.properties", fixed, important;
            "File to which changes made over the network are written, unless a file was given with `-c`.";
        "orderMessageEnable" => order_message_enable: Bool = "false", live, important;
            "Tell clients the order configuration of a topic in its route.";
        "returnOrderTopicConfigToBroker" => return_order_topic_config_to_broker: Bool = "true", live;
            "Tell brokers the order configuration of all topics when they register.";
        "enableAllTopicList" => enable_all_topic_list: Bool = "true", live;
            "Answer the list of all topics.";
        "enableTopicList" => enable_topic_list: Bool = "true", live;
            "Answer the other lists of topics.";
        "deleteTopicWithBrokerRegistration" => delete_topic_with_broker_registration: Bool = "false", live;
            "Remove topics that a broker no longer names when it registers.";
        "supportActingMaster" => support_acting_master: Bool = "false", live;
            "Show the smallest slave as master in routes of a group that has lost its master.";
        "needWaitForService" => need_wait_for_service: Bool = "false", live;
            "Refuse route requests for a while after the start, until brokers have registered.";
        "waitSecondsForService" => wait_for_service: Secs = "45", 0..=3_600, live;
            "How long route requests are refused after the start.";
        "configBlackList" => config_black_list: Text = "configBlackList;configStorePath;kvConfigPath", fixed;
            "Keys that may not be changed over the network, separated by `;`.";
    }
}
