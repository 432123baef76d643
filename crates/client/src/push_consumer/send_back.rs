//! Giving a message back so that it comes again later, or goes to the dead-letter queue.

use std::time::Duration;

use ferromq_wire::message::properties;
use ferromq_wire::message::topic::retry_topic;
use ferromq_wire::request::ConsumerSendMsgBackRequest;

use super::shared::Shared;
use crate::instance::Which;
use crate::message::Message;
use crate::producer::sender::Extra;
use crate::view::MessageView;

/// Deliveries after the first if the application does not say.
pub(super) const MAX_RECONSUME_TIMES: u32 = 16;
/// Time for giving a message back.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Delay level of the first repetition.
const FIRST_LEVEL: u32 = 3;

/// When a message comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// Later with each attempt.
    ByAttempts,
    /// After the delay of this level.
    AtLevel(u8),
    /// Not at all: it goes to the dead-letter queue.
    Never,
}

impl When {
    /// The number in the request.
    fn wire(self) -> i32 {
        match self {
            Self::ByAttempts => 0,
            Self::AtLevel(level) => i32::from(level),
            Self::Never => -1,
        }
    }
}

/// Gives a message back to the broker that holds it; if that fails, sends a copy to the group's retry topic. False if that
/// fails as well.
pub(super) async fn send_back(shared: &Shared, message: &MessageView, when: When) -> bool {
    let queue = message.queue();
    let given = match shared.member.instance.broker_of(queue, Which::Master) {
        Some(broker) => {
            let request = request(shared, message, when);
            let given = broker.send_back(&request, TIMEOUT).await;
            given.map_err(|error| error.to_string())
        }
        None => Err("its broker has no known master".to_owned()),
    };
    let Err(cause) = given else {
        return true;
    };
    tracing::warn!(
        ?message,
        cause,
        "message not taken back by its broker, sending a copy"
    );
    match resend(shared, message, when).await {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(?message, %error, "copy not sent, message is consumed again here");
            false
        }
    }
}

fn request(shared: &Shared, message: &MessageView, when: When) -> ConsumerSendMsgBackRequest {
    ConsumerSendMsgBackRequest {
        offset: i64::try_from(message.log_offset().0).unwrap_or(i64::MAX),
        group: shared.member.settings.group.clone(),
        delay_level: when.wire(),
        origin_msg_id: Some(message.offset_message_id()),
        origin_topic: Some(message.topic().to_owned()),
        unit_mode: false,
        max_reconsume_times: Some(wire(max_times(shared))),
    }
}

/// Sends a copy of the message to the retry topic of the group; the broker moves it on to the dead-letter queue if it was
/// tried too often.
pub(super) async fn resend(
    shared: &Shared,
    message: &MessageView,
    when: When,
) -> Result<(), crate::error::SendError> {
    let times = message.reconsume_times() + 1;
    let max = max_times(shared);
    let level = match when {
        When::AtLevel(level) => u32::from(level),
        When::ByAttempts | When::Never => FIRST_LEVEL + message.reconsume_times(),
    };
    let extra = Extra {
        flag: message.flag(),
        // More than the maximum makes the broker choose the dead-letter queue.
        reconsume_times: if when == When::Never { max + 1 } else { times },
        max_reconsume_times: Some(max),
    };
    let copy = copy(&shared.member.settings.group, message, level);
    shared.resend.resend(&copy, extra).await
}

fn copy(group: &str, message: &MessageView, level: u32) -> Message {
    let mut copy = Message::new(retry_topic(group), message.body().clone());
    for (name, value) in message.properties() {
        if name != properties::TRAN_MSG {
            copy.put(name.to_owned(), value.to_owned());
        }
    }
    let mut unless_set = |name: &str, value: String| {
        if message.property(name).is_none() {
            copy.put(name.to_owned(), value);
        }
    };
    unless_set(properties::RETRY_TOPIC, message.topic().to_owned());
    unless_set(properties::ORIGIN_MESSAGE_ID, message.offset_message_id());
    copy.put(properties::DELAY.to_owned(), level.to_string());
    copy
}

/// Deliveries after the first; a concurrent consumer has a limit even if it sets none.
fn max_times(shared: &Shared) -> u32 {
    shared
        .settings
        .max_reconsume_times
        .unwrap_or(MAX_RECONSUME_TIMES)
}

fn wire(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::tests::view;

    #[test]
    fn the_wire_knows_three_cases() {
        assert_eq!(When::ByAttempts.wire(), 0);
        assert_eq!(When::AtLevel(5).wire(), 5);
        assert_eq!(When::Never.wire(), -1);
    }

    #[test]
    fn a_copy_says_where_it_comes_from_and_when_it_is_due() {
        let copy = copy("G", &view("T", 7, b"body"), 4);
        assert_eq!(copy.topic(), "%RETRY%G");
        assert_eq!(&copy.body()[..], b"body");
        assert_eq!(copy.property("RETRY_TOPIC"), Some("T"));
        assert_eq!(copy.property("DELAY"), Some("4"));
        let origin = "0A00000100002A9F0000000000001000";
        assert_eq!(copy.property("ORIGIN_MESSAGE_ID"), Some(origin));
    }
}
