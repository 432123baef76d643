//! The topic table, its file and how topics come into being.

use std::path::Path;
use std::sync::Arc;

use ferromq_base::Millis;
use ferromq_base::clock::ManualClock;
use ferromq_disk::RealDisk;

use super::*;
use crate::settings_file::SettingsFile;

const GOLDEN: &str = "{\n\t\"dataVersion\":{\n\t\t\"counter\":12,\n\t\t\"stateVersion\":0,\n\t\t\"timestamp\":1700000000000\n\t},\n\t\"topicConfigTable\":{\n\t\t\"TopicTest\":{\n\t\t\t\"attributes\":{\n\t\t\t\t\"message.type\":\"NORMAL\"\n\t\t\t},\n\t\t\t\"order\":false,\n\t\t\t\"perm\":6,\n\t\t\t\"readQueueNums\":8,\n\t\t\t\"topicFilterType\":\"SINGLE_TAG\",\n\t\t\t\"topicName\":\"TopicTest\",\n\t\t\t\"topicSysFlag\":0,\n\t\t\t\"writeQueueNums\":8\n\t\t}\n\t}\n}";

fn open(dir: &Path, own: Vec<TopicConfig>) -> Topics {
    let file = SettingsFile::new(Arc::new(RealDisk), dir.join("topics.json"));
    Topics::open(
        own,
        file,
        Arc::new(ManualClock::at(Millis(1_700_000_000_000))),
    )
    .unwrap()
}

fn text(dir: &Path) -> String {
    std::fs::read_to_string(dir.join("topics.json")).unwrap()
}

fn template(name: &str, queues: u32) -> TopicConfig {
    TopicConfig::new(name, queues, Permission::READ_WRITE_INHERIT)
}

fn wanted(topic: &str) -> CreateOnSend<'_> {
    CreateOnSend {
        topic,
        template: "TBW102",
        queues: 4,
        sys_flag: 0,
        auto_create: true,
    }
}

#[test]
fn a_file_of_java_is_read_and_written_as_java_does() {
    let dir = tempfile::tempdir().unwrap();
    let before = GOLDEN
        .replace("\"counter\":12", "\"counter\":10")
        .replace(":8", ":4");
    std::fs::write(dir.path().join("topics.json"), before).unwrap();
    let topics = open(dir.path(), Vec::new());
    let mut topic = TopicConfig::clone(&topics.find("TopicTest").unwrap());
    assert_eq!((topic.read_queues, topic.queues()), (4, 4));
    topic.read_queues = 8;
    topics.put(topic.clone()).unwrap();
    topic.write_queues = 8;
    topics.put(topic).unwrap();
    topics.save().unwrap();
    assert_eq!(text(dir.path()), GOLDEN);
}

#[test]
fn a_file_of_an_older_release_loads_and_wins_over_own_topics() {
    let dir = tempfile::tempdir().unwrap();
    let old = r#"{"dataVersion":{"counter":1,"timestamp":5},"topicConfigTable":{"TBW102":{"order":false,"perm":7,"readQueueNums":3,"topicFilterType":"MULTI_TAG","topicName":"TBW102","topicSysFlag":0,"writeQueueNums":3}}}"#;
    std::fs::write(dir.path().join("topics.json"), old).unwrap();
    let topics = open(
        dir.path(),
        vec![template("TBW102", 8), template("broker-a", 1)],
    );
    let made = topics.create_on_send(wanted("T")).unwrap();
    assert_eq!((made.queues(), made.filter), (3, TopicFilter::MultiTag));
    assert!(topics.find("broker-a").is_some());
    assert_eq!(topics.version().counter, 2);
}

#[test]
fn a_topic_is_made_on_send_from_its_template_and_is_safe_once_saved() {
    let dir = tempfile::tempdir().unwrap();
    let topics = open(dir.path(), vec![template("TBW102", 8)]);
    let generation = topics.generation();
    for (topic, queues, expected) in [("A", 4, 4), ("B", 99, 8), ("C", 0, 1), ("D", -3, 1)] {
        let made = topics
            .create_on_send(CreateOnSend {
                queues,
                ..wanted(topic)
            })
            .unwrap();
        assert_eq!(
            (made.read_queues, made.write_queues),
            (expected, expected),
            "{topic}"
        );
        assert_eq!(made.perm, Permission::READ_WRITE);
        let safe_from = topics.safe_from(topic);
        assert!(topics.saved() < safe_from, "{topic}");
        topics.save().unwrap();
        assert!(safe_from <= topics.saved(), "{topic}");
        assert_eq!(topics.safe_from(topic), 0, "{topic}");
        assert!(text(dir.path()).contains(&format!("\"{topic}\":{{")));
    }
    assert_eq!(topics.generation(), generation + 4);
    let again = topics
        .create_on_send(CreateOnSend {
            queues: 1,
            ..wanted("A")
        })
        .unwrap();
    assert_eq!(again.write_queues, 4);
    assert_eq!(topics.version().counter, 4);
}

#[test]
fn without_a_template_only_retry_topics_are_made() {
    let dir = tempfile::tempdir().unwrap();
    let plain = TopicConfig::new("plain", 4, Permission::READ_WRITE);
    let topics = open(
        dir.path(),
        vec![template("TBW102", 8), template("cluster", 16), plain],
    );
    let made = |template, auto_create, topic| {
        let request = CreateOnSend {
            template,
            auto_create,
            ..wanted(topic)
        };
        topics
            .create_on_send(request)
            .map(|made| made.queues())
            .ok()
    };
    assert_eq!(made("TBW102", false, "A"), None, "switched off");
    assert_eq!(
        made("cluster", false, "B"),
        Some(4),
        "any inheritable topic will do"
    );
    assert_eq!(made("plain", true, "C"), None);
    assert_eq!(made("nowhere", true, "D"), None);
    assert_eq!(made("nowhere", true, "%RETRY%G"), Some(1));
    let error = topics
        .create_on_send(CreateOnSend {
            template: "x",
            ..wanted("E")
        })
        .unwrap_err();
    assert_eq!(error.to_string(), "topic[E] not exist, apply first please!");
}

#[test]
fn retry_and_dead_letter_topics_are_made_once() {
    let dir = tempfile::tempdir().unwrap();
    let topics = open(dir.path(), Vec::new());
    let retry = RetryTopic {
        group: "G",
        queues: 2,
        ..RetryTopic::default()
    };
    topics.prepare_retry_topic(retry).unwrap();
    assert!(!dir.path().join("topics.json").exists(), "saved later");
    assert_eq!(topics.retry_topic("G", 5).unwrap().queues(), 2);
    assert_eq!(&*topics.dead_letter_topic("G").unwrap().name, "%DLQ%G");
    topics.save().unwrap();
    assert!(text(dir.path()).contains("%RETRY%G"));
    let version = topics.version();
    topics.prepare_retry_topic(retry).unwrap();
    assert_eq!(topics.version(), version);
    topics
        .prepare_retry_topic(RetryTopic {
            order: true,
            ..retry
        })
        .unwrap();
    let topic = topics.find("%RETRY%G").unwrap();
    assert_eq!((topic.order, topic.queues()), (true, 2));
}

#[tokio::test(start_paused = true)]
async fn changes_wait_for_everyone_who_follows() {
    let dir = tempfile::tempdir().unwrap();
    let topics = open(dir.path(), Vec::new());
    topics.dead_letter_topic("before").unwrap();
    let (one, two) = (topics.follow(), topics.follow());
    topics.dead_letter_topic("G").unwrap();
    assert!(topics.remove("%DLQ%before"));
    assert!(!topics.remove("%DLQ%before"));
    two.clear();
    let news = one.take().await;
    assert_eq!(news.generation, topics.generation());
    let names: Vec<_> = news.names.into_iter().collect();
    assert_eq!(names, [Arc::from("%DLQ%G"), Arc::from("%DLQ%before")]);
    for changes in [one, two] {
        let none = tokio::time::timeout(std::time::Duration::from_secs(60), changes.take());
        assert!(none.await.is_err());
    }
}

#[test]
fn an_order_configuration_marks_just_its_topics() {
    let dir = tempfile::tempdir().unwrap();
    let topics = open(dir.path(), Vec::new());
    let changes = topics.follow();
    for (name, order) in [("A", true), ("B", false), ("C", true), ("%RETRY%G", true)] {
        let topic = TopicConfig {
            order,
            ..TopicConfig::new(name, 1, Permission::READ_WRITE)
        };
        topics.put(topic).unwrap();
    }
    changes.clear();
    let version = topics.version();
    let conf = |names: &[&str]| {
        let pair = |name: &&str| ((*name).to_owned(), "broker-a:1".to_owned());
        names.iter().map(pair).collect()
    };
    topics.set_order(&conf(&["B", "C", "nowhere"]));
    let order = |name| topics.find(name).unwrap().order;
    assert_eq!(
        [order("A"), order("B"), order("C"), order("%RETRY%G")],
        [false, true, true, true]
    );
    assert_eq!(topics.version().counter, version.counter + 2);
    topics.set_order(&conf(&["B", "C"]));
    assert_eq!(topics.version().counter, version.counter + 2);
}

#[test]
fn whoever_creates_topics_together_finds_each_in_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let topics = open(dir.path(), vec![template("TBW102", 8)]);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (topics, dir) = (&topics, dir.path());
            scope.spawn(move || {
                for number in 0..10 {
                    let name = format!("T-{thread}-{number}");
                    topics.create_on_send(wanted(&name)).unwrap();
                    topics.save().unwrap();
                    // While another thread replaces the file there is none for a moment, but its backup.
                    let path = dir.join("topics.json");
                    let text = std::iter::repeat_with(|| std::fs::read_to_string(&path));
                    let text = text.flatten().next().unwrap();
                    assert!(text.contains(&format!("\"{name}\":{{")), "{name}");
                }
            });
        }
    });
    assert_eq!(topics.version().counter, 40);
}
