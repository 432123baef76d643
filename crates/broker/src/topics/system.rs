//! The broker's own topics.

use ferromq_config::BrokerConfig;
use ferromq_wire::message::topic;

use super::{Permission, TopicConfig};

/// Queues of the topic named like the cluster.
const CLUSTER_QUEUES: u32 = 16;
/// Queues of the benchmark topic.
const BENCHMARK_QUEUES: u32 = 1024;
/// Queues of the topic of delay levels.
const SCHEDULE_QUEUES: u32 = 18;
/// Queues of the topic that pop consumption revives messages from.
const REVIVE_QUEUES: u32 = 8;

/// Whether a topic belongs to every RocketMQ system.
pub(super) fn is_system(name: &str) -> bool {
    topic::is_system(name)
}

/// The topics a broker makes for itself at every start.
#[must_use]
pub fn own_topics(config: &BrokerConfig) -> Vec<TopicConfig> {
    let cluster = config.cluster_name.as_str();
    let broker = config.broker_name.as_str();
    let template_if = |inheritable: bool| {
        if inheritable {
            Permission::READ_WRITE_INHERIT
        } else {
            Permission::INHERIT
        }
    };
    let plain = |name: &str, queues| TopicConfig::new(name, queues, Permission::READ_WRITE);
    let member = format!("{}{broker}", topic::SYNC_MEMBER_PREFIX);
    let mut own = vec![
        plain(topic::SELF_TEST_TOPIC, 1),
        plain(topic::BENCHMARK_TOPIC, BENCHMARK_QUEUES),
        TopicConfig::new(
            cluster,
            CLUSTER_QUEUES,
            template_if(config.cluster_topic_enable),
        ),
        TopicConfig::new(broker, 1, template_if(config.broker_topic_enable)),
        plain(topic::OFFSET_MOVED_EVENT, 1),
        plain(topic::SCHEDULE_TOPIC, SCHEDULE_QUEUES),
        plain(&topic::reply_topic(cluster), 1),
        plain(&topic::revive_topic(cluster), REVIVE_QUEUES),
        TopicConfig::new(&member, 1, Permission::INHERIT),
        plain(topic::TRANS_HALF_TOPIC, 1),
        plain(topic::TRANS_OP_HALF_TOPIC, 1),
        plain(topic::TIMER_TOPIC, 1),
    ];
    if config.auto_create_topic_enable {
        own.push(TopicConfig::new(
            topic::AUTO_CREATE_TOPIC_KEY_TOPIC,
            config.default_topic_queue_nums,
            Permission::READ_WRITE_INHERIT,
        ));
    }
    if config.trace_topic_enable {
        own.push(plain(&config.trace_topic_name, 1));
    }
    own
}
