//! What the command can be asked.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use confab_core::CorrelationId;

#[derive(Debug, Parser)]
#[command(
    name = "confab",
    about = "Looks after a running Confab: on AWS, or with --local on this laptop.",
    after_help = "Exit codes: 0 all is well, 1 there is a problem, 2 the command was not understood.",
    disable_help_subcommand = true
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
    /// Answer in JSON, for scripts
    #[arg(long, global = true, help_heading = "How")]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Where")]
pub(crate) struct PlaceArguments {
    /// The stack [default: as samconfig.toml has it, else confab]
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) stack: Option<String>,
    /// The stack's region [default: as samconfig.toml or the AWS profile has it]
    #[arg(long, global = true)]
    pub(crate) region: Option<String>,
    /// The AWS profile
    #[arg(long, global = true)]
    pub(crate) profile: Option<String>,
    /// A running `local` instead of a stack [default: http://127.0.0.1:7070]
    #[arg(
        long,
        global = true,
        value_name = "URL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "http://127.0.0.1:7070",
        conflicts_with_all = ["stack", "region", "profile"]
    )]
    pub(crate) local: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Dead-letter queues: what was given up, and sending it back
    ///
    /// Without a name: every dead-letter queue. With a name, or a part of it that fits one queue alone: its messages.
    /// Looking at a message counts as one receive of it. Looking ends with exit code 0, whatever is there; `confab
    /// doctor` ends with 1 while a dead letter waits.
    Dlq(DlqArguments),
    /// Everything that is known of one message, in the order of time
    ///
    /// On a stack these are the log lines of all its functions; a step that went well writes none. On `local` each step
    /// is shown.
    Trace {
        /// As x-correlation-id, a dead letter or a log line has it
        id: CorrelationId,
        /// How far to look back
        #[arg(long, default_value_t = 14, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=365))]
        days: u16,
    },
    /// Sends a stored event again
    ///
    /// A FILE holds an event as Lambda gives it to a function, such as those in events/; it is given to that function
    /// once more, and what the function does about it is real: a worker's event may send a message to a person.
    /// The exit code is 1 when the function or one of the records failed, or the answer's status is 400 or more.
    /// A COR_ID stands for the dead letters with that correlation id: each goes back to the queue that gave it up.
    /// What passed through the event bus cannot be replayed by this command yet.
    Replay(ReplayArguments),
    /// What it cost, by AWS's list prices
    Cost {
        #[arg(long, default_value_t = 30, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=365))]
        days: u16,
    },
    /// Checks what can be wrong, and says what to do about it
    Doctor,
}

#[derive(Debug, Args)]
pub(crate) struct DlqArguments {
    /// A dead-letter queue, or a part of its name
    pub(crate) queue: Option<String>,
    #[command(subcommand)]
    pub(crate) action: Option<DlqAction>,
    /// Show the messages' bodies: they hold what people said
    #[arg(long)]
    pub(crate) bodies: bool,
    /// How many messages to show
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub(crate) limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArguments {
    /// A file with an event, or a correlation id
    #[arg(value_name = "FILE|COR_ID")]
    pub(crate) what: PathBuf,
    /// The function, as its binary is called [default: the file's name up to its first dot]
    #[arg(long, value_name = "NAME")]
    pub(crate) function: Option<String>,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DlqAction {
    /// Sends its messages back to the queue that gave them up, as new messages
    ///
    /// All of them are moved by SQS, in a task that goes on by itself. With --message it is done here, one by one: sent,
    /// then deleted. If that is interrupted between the two, the message is there twice, which our functions tolerate;
    /// it is never lost. Within its group it comes behind what already waits.
    Redrive {
        /// Only the message with this id; may be given several times
        #[arg(long = "message", value_name = "ID")]
        messages: Vec<String>,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Deletes one message for good
    Delete {
        #[arg(value_name = "ID")]
        message: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

/// `--local URL` is `--local=URL`: the option may also stand alone, so that what follows it is a command unless it looks
/// like an address.
pub(crate) fn with_local_joined(arguments: impl Iterator<Item = String>) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    for argument in arguments {
        match joined.last_mut() {
            Some(before) if before == "--local" && argument.starts_with("http") => {
                *before = format!("--local={argument}");
            }
            _ => joined.push(argument),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parse(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(with_local_joined(line.split(' ').map(str::to_owned)))
    }

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn local_stands_alone_or_with_an_address() {
        for line in [
            "confab --local dlq",
            "confab dlq --local",
            "confab --local http://127.0.0.1:7070 dlq",
        ] {
            let arguments = parse(line).unwrap();
            assert_eq!(
                arguments.place.local.as_deref(),
                Some("http://127.0.0.1:7070"),
                "{line}"
            );
            assert!(
                matches!(
                    arguments.command,
                    Command::Dlq(DlqArguments {
                        queue: None,
                        action: None,
                        ..
                    })
                ),
                "{line}"
            );
        }
        assert!(parse("confab --local --stack x dlq").is_err());
    }

    #[test]
    fn a_queue_is_named_before_what_is_done_to_it() {
        let arguments = parse("confab dlq inbound redrive --message a --message b --yes").unwrap();
        let Command::Dlq(DlqArguments {
            queue,
            action: Some(DlqAction::Redrive { messages, yes }),
            ..
        }) = arguments.command
        else {
            panic!("{arguments:?}")
        };
        assert_eq!(
            (queue.as_deref(), messages, yes),
            (Some("inbound"), vec!["a".to_owned(), "b".to_owned()], true)
        );
    }

    #[test]
    fn what_is_no_correlation_id_is_refused() {
        assert!(parse("confab trace hello").is_err());
        assert!(parse("confab trace cor_00000000000000000000000000").is_ok());
    }
}
