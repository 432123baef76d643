//! Offsets in memory and in their file.

use std::path::Path;

use ferromq_base::Millis;
use ferromq_base::clock::ManualClock;
use ferromq_disk::RealDisk;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const GOLDEN: &str = "{\n\t\"dataVersion\":{\n\t\t\"counter\":3,\n\t\t\"stateVersion\":0,\n\t\t\"timestamp\":1700000000000\n\t},\n\t\"groupTopicMap\":{\n\t\t\"GroupA\":[\"%RETRY%GroupA\",\"TopicTest\"]\n\t},\n\t\"offsetTable\":{\n\t\t\"%RETRY%GroupA@GroupA\":{0:2\n\t\t},\n\t\t\"TopicTest@GroupA\":{0:250,1:31,2:0,3:7\n\t\t}\n\t}\n}";

fn open(dir: &Path) -> Offsets {
    let file = SettingsFile::new(Arc::new(RealDisk), dir.join("consumerOffset.json"));
    Offsets::open(file, Arc::new(ManualClock::at(Millis(1_700_000_000_000)))).unwrap()
}

fn text(dir: &Path) -> String {
    std::fs::read_to_string(dir.join("consumerOffset.json")).unwrap()
}

fn commit(offsets: &Offsets, topic: &str, committed: &[(u32, u64)]) {
    for (queue, offset) in committed {
        offsets.commit("GroupA", topic, QueueId(*queue), QueueOffset(*offset));
    }
}

#[test]
fn a_file_of_java_is_read_and_written_as_java_does() {
    let dir = tempfile::tempdir().unwrap();
    let before = GOLDEN
        .replace("0:250", "0:249")
        .replace("\"counter\":3", "\"counter\":2");
    std::fs::write(dir.path().join("consumerOffset.json"), before).unwrap();
    let offsets = open(dir.path());
    commit(&offsets, "TopicTest", &[(0, 250)]);
    offsets.save().unwrap();
    assert_eq!(text(dir.path()), GOLDEN);
    let again = open(dir.path());
    assert_eq!(
        again.committed("GroupA", "TopicTest", QueueId(3)),
        Some(QueueOffset(7))
    );
    assert_eq!(again.committed("GroupA", "TopicTest", QueueId(4)), None);
}

#[test]
fn a_new_table_is_written_only_when_something_was_committed() {
    let dir = tempfile::tempdir().unwrap();
    let offsets = open(dir.path());
    offsets.save().unwrap();
    assert!(!dir.path().join("consumerOffset.json").exists());
    commit(&offsets, "%RETRY%GroupA", &[(0, 2)]);
    commit(&offsets, "TopicTest", &[(0, 250), (1, 31), (2, 0), (3, 7)]);
    offsets.save().unwrap();
    assert_eq!(
        text(dir.path()).replace("\"counter\":1", "\"counter\":3"),
        GOLDEN
    );
    std::fs::remove_file(dir.path().join("consumerOffset.json")).unwrap();
    commit(&offsets, "TopicTest", &[(0, 250)]);
    offsets.save().unwrap();
    assert!(
        !dir.path().join("consumerOffset.json").exists(),
        "the same again is no change"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn every_table_survives_its_file(
        commits in vec(("[a-zA-Z0-9_%-]{1,8}", "[a-zA-Z0-9_%-]{1,8}", 0..70_000_u32, 0..i64::MAX as u64), 1..40),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let offsets = open(dir.path());
        for (group, topic, queue, offset) in &commits {
            offsets.commit(group, topic, QueueId(*queue), QueueOffset(*offset));
        }
        offsets.save().unwrap();
        let again = open(dir.path());
        for (group, topic, queue, _) in &commits {
            let queue = QueueId(*queue);
            let stored = offsets.committed(group, topic, queue);
            prop_assert!(stored.is_some());
            prop_assert_eq!(again.committed(group, topic, queue), stored);
        }
        prop_assert_eq!(again.snapshot().len(), offsets.snapshot().len());
    }

    #[test]
    fn no_file_brings_the_broker_down(text in "[{}\\[\\]:,\"a-z0-9@.-]{0,80}") {
        let wrapped = format!("{{\"offsetTable\":{text}}}");
        // Read or refused; that it returns is all that counts.
        let _ = file::parse(text.as_bytes());
        let _ = file::parse(wrapped.as_bytes());
    }
}

#[test]
fn odd_entries_of_a_file_are_left_out_and_quoted_keys_read() {
    let dir = tempfile::tempdir().unwrap();
    let odd = r#"{"future":[1],"offsetTable":{"nogroup":{0:1},"T@G":{"0":5,"x":6,"-1":7,1:-1}}}"#;
    std::fs::write(dir.path().join("consumerOffset.json"), odd).unwrap();
    let offsets = open(dir.path());
    assert_eq!(
        offsets.find("G", "T").unwrap().all(),
        [(QueueId(0), QueueOffset(5))]
    );
    assert_eq!(offsets.topics_of("G").len(), 1);
}

#[test]
fn a_damaged_file_gives_way_to_its_backup() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("consumerOffset.json"), "{\"offsetTable\":{").unwrap();
    std::fs::write(dir.path().join("consumerOffset.json.bak"), GOLDEN).unwrap();
    let offsets = open(dir.path());
    assert_eq!(
        offsets.committed("GroupA", "TopicTest", QueueId(0)),
        Some(QueueOffset(250))
    );
}

#[test]
fn commits_move_both_ways_and_pulls_are_not_saved() {
    let dir = tempfile::tempdir().unwrap();
    let offsets = open(dir.path());
    let cells = offsets.cells("G", "T");
    cells.note_pull(QueueId(1), QueueOffset(9));
    offsets.save().unwrap();
    assert!(!dir.path().join("consumerOffset.json").exists());
    assert!(
        offsets.topics_of("G").is_empty(),
        "pulled, but nothing committed"
    );
    cells.commit(QueueId(1), QueueOffset(9));
    cells.commit(QueueId(1), QueueOffset(4));
    assert_eq!(cells.committed(QueueId(1)), Some(QueueOffset(4)));
    assert_eq!(cells.pulled(QueueId(1)), Some(QueueOffset(9)));
}

#[test]
fn removed_cells_show_in_the_generation_and_in_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let offsets = open(dir.path());
    for (group, topic) in [("G", "T"), ("G", "U"), ("H", "T")] {
        offsets.commit(group, topic, QueueId(0), QueueOffset(1));
    }
    let generation = offsets.generation();
    offsets.remove_topic("T");
    assert_ne!(offsets.generation(), generation);
    offsets.remove_group("G");
    offsets.save().unwrap();
    assert!(text(dir.path()).ends_with("\"groupTopicMap\":{},\n\t\"offsetTable\":{}\n}"));
}

#[tokio::test(start_paused = true)]
async fn commits_are_saved_within_the_pause_and_nothing_happens_without_them() {
    let dir = tempfile::tempdir().unwrap();
    let offsets = open(dir.path());
    let pause = Duration::from_secs(1);
    let saving = |for_seconds| {
        let time = Duration::from_secs(for_seconds);
        tokio::time::timeout(time, offsets.keep_saved(pause))
    };
    assert!(saving(3600).await.is_err());
    assert!(!dir.path().join("consumerOffset.json").exists());
    commit(&offsets, "TopicTest", &[(0, 1)]);
    assert!(saving(2).await.is_err());
    assert!(text(dir.path()).contains("\"TopicTest@GroupA\":{0:1"));
}
