//! `produce`: lines of the standard input become messages.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use clap::Args;
use ferromq_client::{Message, Producer, SendError, SendResult};
use tokio::sync::mpsc;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::error::CliError;
use crate::hint::hint;
use crate::input::{Line, lines};
use crate::output::{self, Format};
use crate::servers::NameServerArgs;
use crate::stop;

/// Send messages: each line of the standard input (or each --message) becomes one
///
/// Prints where each message was stored. Stops at the first message that cannot be sent. Empty lines are skipped.
#[derive(Args, Clone, Debug)]
pub struct ProduceArgs {
    /// Topic to send to; created by the broker if it allows that
    #[arg(short, long)]
    topic: String,
    #[command(flatten)]
    servers: NameServerArgs,
    /// Message to send instead of reading the standard input; may be repeated
    #[arg(short, long = "message", value_name = "TEXT")]
    messages: Vec<String>,
    /// Tag of every message
    #[arg(long)]
    tag: Option<String>,
    /// Key of every message, by which it can be looked up; may be repeated
    #[arg(short, long = "key", value_name = "KEY")]
    keys: Vec<String>,
    /// Property of every message, as name=value; may be repeated
    #[arg(short, long = "property", value_name = "NAME=VALUE", value_parser = property)]
    properties: Vec<(String, String)>,
    /// Send all messages with this key to the same queue, in order
    #[arg(long, value_name = "KEY", conflicts_with = "batch")]
    order_by: Option<String>,
    /// Delay level: deliver after 1=1s 2=5s 3=10s 4=30s 5=1m 6=2m ... 18=2h
    #[arg(long, value_name = "LEVEL", value_parser = clap::value_parser!(u8).range(1..=18), conflicts_with = "batch")]
    delay_level: Option<u8>,
    /// Send this many messages in one request
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    batch: u32,
    /// Send at most this many messages in a second
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    /// Stop after this many messages; with --message, repeat the messages until there are as many
    #[arg(short, long, value_name = "N")]
    count: Option<u64>,
    /// Producer group
    #[arg(short, long, default_value = "ferromq-produce")]
    group: String,
    /// Form of the results
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
    /// Print no results
    #[arg(short, long)]
    quiet: bool,
}

fn property(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => {
            Ok((name.to_owned(), value.to_owned()))
        }
        _ => Err("must be NAME=VALUE, neither of them empty".to_owned()),
    }
}

impl ProduceArgs {
    /// Sends until the input, the count or the patience of the user ends.
    pub async fn run(self) -> Result<(), CliError> {
        let producer = Producer::builder(&self.group)
            .name_servers(self.servers.addrs())
            .start()
            .await?;
        let outcome = tokio::select! {
            outcome = self.send_all(&producer) => outcome,
            () = stop::asked() => Ok(()),
        };
        producer.shutdown().await;
        outcome
    }

    async fn send_all(&self, producer: &Producer) -> Result<(), CliError> {
        let mut source = self.source();
        let mut pace = self.rate.map(pace);
        let (mut sent, limit) = (0, self.count.unwrap_or(u64::MAX));
        while sent < limit {
            let wanted = u64::from(self.batch).min(limit - sent);
            let lines = source.next(wanted, &mut pace).await?;
            let Some((first, _)) = lines.first() else {
                return Ok(());
            };
            let failed = |cause| CliError::Send {
                sent,
                line: *first,
                cause: Box::new(cause),
            };
            let result = self.send(producer, &lines).await.map_err(failed)?;
            sent += lines.len() as u64;
            if !self.quiet {
                self.print(&result).map_err(CliError::Output)?;
            }
        }
        Ok(())
    }

    fn source(&self) -> Source {
        if self.messages.is_empty() {
            if io::stdin().is_terminal() {
                hint("each line becomes a message; Ctrl-D ends");
            }
            return Source::Input(lines());
        }
        let texts = self.messages.iter().map(|text| text.clone().into_bytes());
        let repeat = self.count.is_some();
        Source::Given {
            texts: texts.collect(),
            next: 0,
            repeat,
        }
    }

    async fn send(&self, producer: &Producer, lines: &[Line]) -> Result<SendResult, SendError> {
        let mut messages: Vec<Message> = lines.iter().map(|(_, line)| self.message(line)).collect();
        if 1 < messages.len() {
            return producer.send_batch(messages).await;
        }
        let message = messages.pop().expect("there is at least one line");
        match &self.order_by {
            Some(key) => producer.send_in_order(message, key).await,
            None => producer.send(message).await,
        }
    }

    fn message(&self, line: &[u8]) -> Message {
        let mut message = Message::new(&self.topic, line.to_vec());
        if let Some(tag) = &self.tag {
            message = message.with_tag(tag);
        }
        for key in &self.keys {
            message = message.with_key(key);
        }
        for (name, value) in &self.properties {
            message = message.with_property(name, value);
        }
        message.with_delay_level(self.delay_level.unwrap_or(0))
    }

    fn print(&self, result: &SendResult) -> io::Result<()> {
        let mut out = io::stdout().lock();
        output::sent(&mut out, self.output, result)?;
        out.flush()
    }
}

fn pace(per_second: u32) -> Interval {
    let mut pace = interval(Duration::from_secs(1) / per_second);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pace
}

/// Where the messages come from.
enum Source {
    Input(mpsc::Receiver<io::Result<Line>>),
    Given {
        texts: Vec<Vec<u8>>,
        next: usize,
        repeat: bool,
    },
}

impl Source {
    /// Up to `wanted` lines at the pace; fewer at the end.
    async fn next(
        &mut self,
        wanted: u64,
        pace: &mut Option<Interval>,
    ) -> Result<Vec<Line>, CliError> {
        let mut lines = Vec::new();
        while (lines.len() as u64) < wanted {
            let Some(line) = self.one().await? else {
                break;
            };
            if let Some(pace) = pace {
                pace.tick().await;
            }
            lines.push(line);
        }
        Ok(lines)
    }

    async fn one(&mut self) -> Result<Option<Line>, CliError> {
        match self {
            Self::Input(lines) => lines.recv().await.transpose().map_err(CliError::Input),
            Self::Given {
                texts,
                next,
                repeat,
            } => {
                let number = *next;
                if number >= texts.len() && !*repeat {
                    return Ok(None);
                }
                *next += 1;
                let text = texts[number % texts.len()].clone();
                Ok(Some((number as u64 + 1, text)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        args: ProduceArgs,
    }

    fn parse(line: &str) -> Result<ProduceArgs, clap::Error> {
        let words = std::iter::once("produce").chain(line.split_whitespace());
        Command::try_parse_from(words).map(|command| command.args)
    }

    #[test]
    fn options_make_messages() {
        let args = parse("-t T --tag paid -k a -k b -p own=x=y --delay-level 3").unwrap();
        let message = args.message(b"body");
        assert_eq!((message.topic(), message.tag()), ("T", Some("paid")));
        assert_eq!(message.property("KEYS"), Some("a b"));
        assert_eq!(message.property("own"), Some("x=y"));
        assert_eq!(message.property("DELAY"), Some("3"));
        assert_eq!(&message.body()[..], b"body");
    }

    #[test]
    fn nonsense_is_refused() {
        let lines = [
            "",
            "-t T -p x",
            "-t T -p =x",
            "-t T --delay-level 19",
            "-t T --delay-level 0",
            "-t T --batch 0",
            "-t T --rate 0",
            "-t T --batch 2 --delay-level 1",
            "-t T -o xml",
        ];
        for line in lines {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[tokio::test]
    async fn given_messages_are_repeated_up_to_the_count() {
        let mut once = parse("-t T -m a -m b").unwrap().source();
        assert_eq!(once.next(5, &mut None).await.unwrap().len(), 2);
        let mut repeated = parse("-t T -m a -m b --count 5").unwrap().source();
        let texts: Vec<_> = repeated.next(5, &mut None).await.unwrap();
        let texts: Vec<_> = texts.into_iter().map(|(_, text)| text).collect();
        assert_eq!(texts, [b"a", b"b", b"a", b"b", b"a"]);
    }
}
