//! What the client knows of a topic's queues and of the brokers' addresses.

use std::collections::BTreeMap;
use std::sync::Arc;

use ferromq_wire::body::{QueueData, TopicRouteData};

use crate::queue::MessageQueue;

/// Permission bits of a topic.
const PERM_READ: i32 = 4;
const PERM_WRITE: i32 = 2;
/// Id of a broker group's master.
pub(crate) const MASTER: u64 = 0;
/// More queues than this on one broker are not believed; RocketMQ's own limit for topics is far below.
const QUEUES_MAX: u32 = 65_536;

/// Addresses of the members of one broker group by id; id 0 is the master.
pub(crate) type Addresses = BTreeMap<u64, String>;

/// A topic's queues, sorted, and the brokers that hold them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TopicRoute {
    /// Queues that can be written and whose broker has a master.
    pub(crate) writable: Vec<MessageQueue>,
    /// Queues that can be read.
    pub(crate) readable: Vec<MessageQueue>,
    /// Addresses by broker name.
    pub(crate) brokers: BTreeMap<Arc<str>, Addresses>,
}

impl TopicRoute {
    /// From the name server's answer.
    pub(crate) fn of(topic: &str, data: &TopicRouteData) -> Self {
        let brokers = addresses(data);
        let topic: Arc<str> = Arc::from(topic);
        let mut route = Self::default();
        for queue_data in &data.queue_datas {
            let Some((broker, addrs)) = brokers.get_key_value(queue_data.broker_name.as_str())
            else {
                continue;
            };
            if queue_data.perm & PERM_READ != 0 {
                let count = queue_data.read_queue_nums;
                route.readable.extend(queues(&topic, broker, count));
            }
            if queue_data.perm & PERM_WRITE != 0 && addrs.contains_key(&MASTER) {
                let count = queue_data.write_queue_nums;
                route.writable.extend(queues(&topic, broker, count));
            }
        }
        route.readable.sort();
        route.writable.sort();
        route.brokers = brokers;
        route
    }

    /// From the route of the topic after which brokers model topics that are sent to for the first time.
    pub(crate) fn of_template(topic: &str, template: &TopicRouteData, queues_max: u32) -> Self {
        let mut data = template.clone();
        for queue_data in &mut data.queue_datas {
            limit(queue_data, queues_max);
        }
        Self::of(topic, &data)
    }
}

fn limit(queue_data: &mut QueueData, queues_max: u32) {
    let count = queue_data
        .read_queue_nums
        .min(i32::try_from(queues_max).unwrap_or(i32::MAX));
    queue_data.read_queue_nums = count;
    queue_data.write_queue_nums = count;
}

fn addresses(data: &TopicRouteData) -> BTreeMap<Arc<str>, Addresses> {
    let mut brokers = BTreeMap::new();
    for broker in &data.broker_datas {
        let known = broker.broker_addrs.iter();
        let addrs = known.filter_map(|(id, addr)| Some((u64::try_from(*id).ok()?, addr.clone())));
        brokers.insert(Arc::from(broker.broker_name.as_str()), addrs.collect());
    }
    brokers
}

fn queues(topic: &Arc<str>, broker: &Arc<str>, count: i32) -> impl Iterator<Item = MessageQueue> {
    let count = u32::try_from(count).unwrap_or(0).min(QUEUES_MAX);
    (0..count).map(|id| MessageQueue::new(Arc::clone(topic), Arc::clone(broker), id))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTE: &str = r#"{"brokerDatas":[
        {"brokerAddrs":{"0":"10.0.0.1:1","1":"10.0.0.2:1"},"brokerName":"a","cluster":"C"},
        {"brokerAddrs":{"1":"10.0.0.3:1"},"brokerName":"b","cluster":"C"}],
        "queueDatas":[
        {"brokerName":"b","perm":6,"readQueueNums":1,"writeQueueNums":1,"topicSysFlag":0},
        {"brokerName":"a","perm":6,"readQueueNums":2,"writeQueueNums":1,"topicSysFlag":0},
        {"brokerName":"gone","perm":6,"readQueueNums":9,"writeQueueNums":9,"topicSysFlag":0}]}"#;

    fn names(queues: &[MessageQueue]) -> Vec<String> {
        queues.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn readable_and_writable_queues_are_told_apart() {
        let data = ferromq_wire::body::decode::<TopicRouteData>(ROUTE.as_bytes()).unwrap();
        let route = TopicRoute::of("T", &data);
        assert_eq!(names(&route.readable), ["T@a:0", "T@a:1", "T@b:0"]);
        assert_eq!(names(&route.writable), ["T@a:0"], "b has no master");
        assert_eq!(route.brokers["a"][&1], "10.0.0.2:1");
    }

    #[test]
    fn permissions_are_heeded() {
        let mut data = ferromq_wire::body::decode::<TopicRouteData>(ROUTE.as_bytes()).unwrap();
        data.queue_datas[1].perm = PERM_READ;
        assert!(TopicRoute::of("T", &data).writable.is_empty());
        data.queue_datas[1].perm = PERM_WRITE;
        assert_eq!(names(&TopicRoute::of("T", &data).readable), ["T@b:0"]);
    }

    #[test]
    fn a_new_topic_gets_no_more_queues_than_wanted() {
        let mut data = ferromq_wire::body::decode::<TopicRouteData>(ROUTE.as_bytes()).unwrap();
        data.queue_datas[1].read_queue_nums = 8;
        data.queue_datas[1].write_queue_nums = 8;
        assert_eq!(TopicRoute::of_template("N", &data, 4).writable.len(), 4);
        assert_eq!(
            names(&TopicRoute::of_template("N", &data, 1).writable),
            ["N@a:0"]
        );
    }
}
