//! `consume`: messages are printed to the standard output.

mod beside;
mod broadcast;
mod group;
mod printer;

use clap::Args;
use ferromq_client::{ConsumeFrom, PullConsumer, PullConsumerBuilder};

use self::printer::Printer;
use crate::error::CliError;
use crate::output::Format;
use crate::servers::NameServerArgs;
use crate::start::Start;
use crate::stop;

/// Print the messages of a topic
///
/// Without --group it reads beside all consumers: it takes nothing away from anybody and remembers nothing. With --group it is
/// a member of that group: it shares the messages with the other members, and the group goes on after them the next time.
/// Stops at the end of what there is, unless --follow is given.
#[derive(Args, Clone, Debug)]
pub struct ConsumeArgs {
    /// Topic to read
    #[arg(short, long)]
    topic: String,
    #[command(flatten)]
    servers: NameServerArgs,
    /// Consumer group to be a member of
    #[arg(short, long)]
    group: Option<String>,
    /// Tags wanted: `*` for all, `a || b` for these two
    #[arg(long, default_value = "*")]
    tags: String,
    /// Where to begin: first, last, a time ago (30s, 10m, 2h, 1d), milliseconds since 1970, or yyyyMMddHHmmss in UTC
    /// [default: first; last with --follow]. A group that has consumed before goes on where it was
    #[arg(long, value_name = "WHERE")]
    from: Option<Start>,
    /// Stop after this many messages
    #[arg(short, long, value_name = "N")]
    count: Option<u64>,
    /// Wait for new messages until Ctrl-C
    #[arg(short, long)]
    follow: bool,
    /// Get every message even if the group has other members; offsets are kept in a local file. Implies --follow
    #[arg(short, long, requires = "group")]
    broadcasting: bool,
    /// Form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
    /// With text output: print id, queue, offset, tag and keys before each body
    #[arg(short, long)]
    verbose: bool,
}

impl ConsumeArgs {
    /// Prints until the end, the count or the patience of the user.
    pub async fn run(self) -> Result<(), CliError> {
        let printer = Printer::new(self.output, self.verbose, self.count);
        match self.group.clone() {
            None => self.run_beside(printer).await,
            Some(group) if self.broadcasting => self.run_broadcasting(group, printer).await,
            Some(group) => self.run_in_group(group, printer).await,
        }
    }

    /// Where to begin.
    fn begin(&self) -> ConsumeFrom {
        match self.from {
            Some(start) => start.0,
            None if self.follow => ConsumeFrom::Last,
            None => ConsumeFrom::First,
        }
    }

    fn pull_consumer(&self, group: &str) -> PullConsumerBuilder {
        PullConsumer::builder(group)
            .name_servers(self.servers.addrs())
            .subscribe(&self.topic, &self.tags)
            .from(self.begin())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        args: ConsumeArgs,
    }

    fn parse(line: &str) -> Result<ConsumeArgs, clap::Error> {
        let words = std::iter::once("consume").chain(line.split_whitespace());
        Command::try_parse_from(words).map(|command| command.args)
    }

    #[test]
    fn begins_at_the_first_message_unless_it_follows() {
        assert_eq!(parse("-t T").unwrap().begin(), ConsumeFrom::First);
        assert_eq!(parse("-t T -f").unwrap().begin(), ConsumeFrom::Last);
        assert_eq!(
            parse("-t T -f --from first").unwrap().begin(),
            ConsumeFrom::First
        );
    }

    #[test]
    fn nonsense_is_refused() {
        for line in [
            "",
            "-t T --from yesterday",
            "-t T --broadcasting",
            "-t T -c x",
            "-t T -o xml",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
