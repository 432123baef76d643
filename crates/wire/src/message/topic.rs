//! Topic and group names: what is legal, what is reserved, and the names derived from a group.

use ferromq_base::limits::{GROUP_CHARS_MAX, RETRY_TOPIC_CHARS_MAX, TOPIC_CHARS_MAX};
use thiserror::Error;

/// Template of automatically created topics.
pub const AUTO_CREATE_TOPIC_KEY_TOPIC: &str = "TBW102";
/// Holds messages of the delay levels.
pub const SCHEDULE_TOPIC: &str = "SCHEDULE_TOPIC_XXXX";
/// For benchmarks.
pub const BENCHMARK_TOPIC: &str = "BenchmarkTest";
/// Half messages.
pub const TRANS_HALF_TOPIC: &str = "RMQ_SYS_TRANS_HALF_TOPIC";
/// Markers of finished half messages.
pub const TRANS_OP_HALF_TOPIC: &str = "RMQ_SYS_TRANS_OP_HALF_TOPIC";
/// Half messages that were checked too often.
pub const TRANS_CHECK_MAX_TIME_TOPIC: &str = "TRANS_CHECK_MAX_TIME_TOPIC";
/// Trace records.
pub const TRACE_TOPIC: &str = "RMQ_SYS_TRACE_TOPIC";
/// For self tests.
pub const SELF_TEST_TOPIC: &str = "SELF_TEST_TOPIC";
/// Offset corrections.
pub const OFFSET_MOVED_EVENT: &str = "OFFSET_MOVED_EVENT";
/// Checkpoints.
pub const CHECKPOINT_TOPIC: &str = "CHECKPOINT_TOPIC";
/// Messages with an arbitrary delivery time.
pub const TIMER_TOPIC: &str = "rmq_sys_wheel_timer";
/// Every name that begins so belongs to the system.
pub const SYSTEM_TOPIC_PREFIX: &str = "rmq_sys_";
/// Prefix of a group's retry topic.
pub const RETRY_PREFIX: &str = "%RETRY%";
/// Prefix of a group's dead-letter topic.
pub const DLQ_PREFIX: &str = "%DLQ%";
/// Suffix of a cluster's reply topic.
pub const REPLY_SUFFIX: &str = "_REPLY_TOPIC";
/// Prefix of a cluster's pop revive topic.
pub const REVIVE_PREFIX: &str = "rmq_sys_REVIVE_LOG_";
/// Prefix of a broker's member topic.
pub const SYNC_MEMBER_PREFIX: &str = "rmq_sys_SYNC_BROKER_MEMBER_";
/// Prefix of the system's own consumer groups.
pub const SYSTEM_GROUP_PREFIX: &str = "CID_RMQ_SYS_";
/// Longest group name that an administrator may create, in characters. Groups that are created on use may be longer.
pub const GROUP_NAME_CHARS_MAX: usize = 120;

/// System topics with fixed names.
pub const SYSTEM_TOPICS: [&str; 10] = [
    AUTO_CREATE_TOPIC_KEY_TOPIC,
    SCHEDULE_TOPIC,
    BENCHMARK_TOPIC,
    TRANS_HALF_TOPIC,
    TRACE_TOPIC,
    TRANS_OP_HALF_TOPIC,
    TRANS_CHECK_MAX_TIME_TOPIC,
    SELF_TEST_TOPIC,
    OFFSET_MOVED_EVENT,
    CHECKPOINT_TOPIC,
];

/// Topics that clients may not send to.
pub const SEND_FORBIDDEN_TOPICS: [&str; 6] = [
    SCHEDULE_TOPIC,
    TRANS_HALF_TOPIC,
    TRANS_OP_HALF_TOPIC,
    TRANS_CHECK_MAX_TIME_TOPIC,
    SELF_TEST_TOPIC,
    OFFSET_MOVED_EVENT,
];

/// Why a topic name is refused. The texts are the ones RocketMQ answers.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TopicNameError {
    /// Empty or white space.
    #[error("The specified topic is blank.")]
    Blank,
    /// A character outside the alphabet.
    #[error(
        "The specified topic: {0}, contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$"
    )]
    IllegalCharacters(String),
    /// Longer than an ordinary topic may be.
    #[error("The specified topic: {0}, is longer than topic max length: {TOPIC_CHARS_MAX}")]
    TooLong(String),
    /// Longer than a retry or dead-letter topic may be.
    #[error("The specified topic: {0}, is longer than topic max length: {RETRY_TOPIC_CHARS_MAX}")]
    RetryTooLong(String),
}

/// Why a group name is refused. The texts are the ones RocketMQ answers.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GroupNameError {
    /// Empty or white space.
    #[error("The specified group is blank.")]
    Blank,
    /// A character outside the alphabet.
    #[error(
        "The specified group: {0}, contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$"
    )]
    IllegalCharacters(String),
    /// Too long.
    #[error("The specified group: {0}, is longer than group max length: {GROUP_NAME_CHARS_MAX}")]
    TooLong(String),
}

/// Checks a topic name as a broker does on send.
///
/// # Errors
/// The name is blank, too long or has a character that names may not have.
pub fn validate_topic(topic: &str) -> Result<(), TopicNameError> {
    if topic.trim().is_empty() {
        return Err(TopicNameError::Blank);
    }
    if !has_legal_alphabet(topic) {
        return Err(TopicNameError::IllegalCharacters(shown(topic)));
    }
    if is_retry(topic) || is_dlq(topic) {
        if topic.len() > RETRY_TOPIC_CHARS_MAX {
            return Err(TopicNameError::RetryTooLong(shown(topic)));
        }
    } else if topic.len() > TOPIC_CHARS_MAX {
        return Err(TopicNameError::TooLong(shown(topic)));
    }
    Ok(())
}

/// Whether a broker creates a group of this name when a client uses it. Such names may have 255 characters, as with
/// RocketMQ 5.3; 5.5 creates none with more than 120.
#[must_use]
pub fn is_usable_group(group: &str) -> bool {
    !group.trim().is_empty() && has_legal_alphabet(group) && group.len() <= GROUP_CHARS_MAX
}

/// Checks a consumer or producer group name as for an administrator's request.
///
/// # Errors
/// The name is blank, too long or has a character that names may not have.
pub fn validate_group(group: &str) -> Result<(), GroupNameError> {
    if group.trim().is_empty() {
        return Err(GroupNameError::Blank);
    }
    if !has_legal_alphabet(group) {
        return Err(GroupNameError::IllegalCharacters(shown(group)));
    }
    if group.len() > GROUP_NAME_CHARS_MAX {
        return Err(GroupNameError::TooLong(shown(group)));
    }
    Ok(())
}

/// A refused name may be megabytes long: errors show only its beginning.
fn shown(name: &str) -> String {
    name.chars().take(RETRY_TOPIC_CHARS_MAX + 1).collect()
}

fn has_legal_alphabet(name: &str) -> bool {
    name.bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'%' | b'-' | b'_' | b'|'))
}

/// True for names of retry topics, those of pop consumption included.
#[must_use]
pub fn is_retry(topic: &str) -> bool {
    topic.starts_with(RETRY_PREFIX)
}

/// True for names of dead-letter topics.
#[must_use]
pub fn is_dlq(topic: &str) -> bool {
    topic.starts_with(DLQ_PREFIX)
}

/// True for the system's own topics with fixed names or prefix.
#[must_use]
pub fn is_system(topic: &str) -> bool {
    topic.starts_with(SYSTEM_TOPIC_PREFIX) || SYSTEM_TOPICS.contains(&topic)
}

/// True for topics that clients may not send to.
#[must_use]
pub fn is_send_forbidden(topic: &str) -> bool {
    SEND_FORBIDDEN_TOPICS.contains(&topic)
}

/// True for the system's own consumer groups.
#[must_use]
pub fn is_system_group(group: &str) -> bool {
    group.starts_with(SYSTEM_GROUP_PREFIX)
}

/// The retry topic of `group`; a name that is one already stays.
#[must_use]
pub fn retry_topic(group: &str) -> String {
    if is_retry(group) {
        return group.to_owned();
    }
    format!("{RETRY_PREFIX}{group}")
}

/// The dead-letter topic of `group`; a name that is one already stays.
#[must_use]
pub fn dlq_topic(group: &str) -> String {
    if is_dlq(group) {
        return group.to_owned();
    }
    format!("{DLQ_PREFIX}{group}")
}

/// The group that a retry topic belongs to.
#[must_use]
pub fn group_of_retry(topic: &str) -> Option<&str> {
    topic.strip_prefix(RETRY_PREFIX)
}

/// The pop retry topic of `group` for `topic`, first form.
#[must_use]
pub fn pop_retry_topic_v1(topic: &str, group: &str) -> String {
    format!("{RETRY_PREFIX}{group}_{topic}")
}

/// The pop retry topic of `group` for `topic`, second form.
#[must_use]
pub fn pop_retry_topic_v2(topic: &str, group: &str) -> String {
    format!("{RETRY_PREFIX}{group}+{topic}")
}

/// The reply topic of `cluster`.
#[must_use]
pub fn reply_topic(cluster: &str) -> String {
    format!("{cluster}{REPLY_SUFFIX}")
}

/// The pop revive topic of `cluster`.
#[must_use]
pub fn revive_topic(cluster: &str) -> String {
    format!("{REVIVE_PREFIX}{cluster}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_with_rocketmqs_texts() {
        assert_eq!(validate_topic("Order-1_%|x"), Ok(()));
        assert_eq!(
            validate_topic(" ").unwrap_err().to_string(),
            "The specified topic is blank."
        );
        assert_eq!(
            validate_topic("a.b").unwrap_err().to_string(),
            "The specified topic: a.b, contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$"
        );
        assert!(validate_topic("支付").is_err());
    }

    #[test]
    fn lengths_are_inclusive_limits() {
        assert_eq!(validate_topic(&"t".repeat(127)), Ok(()));
        let long = validate_topic(&"t".repeat(128)).unwrap_err().to_string();
        assert!(long.ends_with("is longer than topic max length: 127"));
        assert_eq!(validate_topic(&retry_topic(&"g".repeat(248))), Ok(()));
        let long = validate_topic(&dlq_topic(&"g".repeat(251))).unwrap_err();
        assert!(long.to_string().ends_with("max length: 255"));
        assert_eq!(validate_group(&"g".repeat(120)), Ok(()));
        assert!(is_usable_group(&"g".repeat(255)));
        for unusable in ["g".repeat(256), String::new(), "a.b".to_owned()] {
            assert!(!is_usable_group(&unusable));
        }
        let long = validate_group(&"g".repeat(121)).unwrap_err().to_string();
        assert!(long.ends_with("is longer than group max length: 120"));
        assert_eq!(
            validate_group("a.b").unwrap_err().to_string(),
            "The specified group: a.b, contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$"
        );
        assert_eq!(validate_group(""), Err(GroupNameError::Blank));
    }

    #[test]
    fn errors_stay_short_for_endless_names() {
        let error = validate_topic(&"x.".repeat(1 << 20)).unwrap_err();
        assert!(error.to_string().len() < 500);
    }

    #[test]
    fn derived_names() {
        assert_eq!(retry_topic("G"), "%RETRY%G");
        assert_eq!(retry_topic("%RETRY%G"), "%RETRY%G");
        assert_eq!(dlq_topic("G"), "%DLQ%G");
        assert_eq!(group_of_retry("%RETRY%G"), Some("G"));
        assert_eq!(group_of_retry("T"), None);
        assert_eq!(pop_retry_topic_v1("T", "G"), "%RETRY%G_T");
        assert_eq!(pop_retry_topic_v2("T", "G"), "%RETRY%G+T");
        assert_eq!(reply_topic("C"), "C_REPLY_TOPIC");
        assert_eq!(revive_topic("C"), "rmq_sys_REVIVE_LOG_C");
    }

    #[test]
    fn system_topics_are_known() {
        assert!(is_system("TBW102") && is_system("rmq_sys_anything"));
        assert!(!is_system("RMQ_SYS_other") && !is_system("T"));
        assert!(is_send_forbidden(SCHEDULE_TOPIC) && !is_send_forbidden("TBW102"));
    }
}
