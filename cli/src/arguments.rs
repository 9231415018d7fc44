//! The command line: options, subcommands and their help.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use confab_core::{CorrelationId, TenantId, Timestamp};

use crate::desk::{LimitAmount, parse_amount, parse_since};

const PLANS: [&str; 4] = ["trial", "starter", "team", "business"];
const TENANT_STATES: [&str; 4] = ["trial", "active", "suspended", "deleting"];

#[derive(Debug, Parser)]
#[command(
    name = "confab",
    about = "Operates a running Confab: on AWS, or with --local on this laptop.",
    after_help = "Exit codes: 0 no problem, 1 a problem, 2 invalid arguments.",
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
    /// The stack [default: the one in samconfig.toml, else confab]
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) stack: Option<String>,
    /// The stack's region [default: the one in samconfig.toml or the AWS profile]
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
    /// Lists, redrives and deletes dead letters
    ///
    /// Without a name, lists every dead-letter queue. With a name, or a part of it that matches one queue only, lists
    /// its messages. Listing a message counts as one receive. The exit code is 0 even if there are dead letters;
    /// `confab doctor` then exits with 1.
    Dlq(DlqArguments),
    /// Shows everything known about one message, in order of time
    ///
    /// On a stack these are the log lines of all functions; a successful step writes none. On `local` every step is
    /// shown.
    Trace {
        /// A correlation id, from x-correlation-id, a dead letter or a log line
        id: CorrelationId,
        /// How far to look back
        #[arg(long, default_value_t = 14, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=365))]
        days: u16,
    },
    /// Sends a stored event again
    ///
    /// A FILE holds an event as Lambda passes it to a function, such as those in events/. The function is invoked with
    /// it, and its effects are real: a worker may send a message to a user. The exit code is 1 if the function or a
    /// record failed, or if the response's status is 400 or more.
    /// A COR_ID names the dead letters with that correlation id; each goes back to its source queue.
    /// With --events, the counts of the carousel are compared with its journal, and then counted again from it. Nothing
    /// is sent to anyone. Other events of the event bus are replayed from its archive, in the AWS console.
    Replay(ReplayArguments),
    /// Connects the bot of the carousel
    #[command(subcommand)]
    Telegram(TelegramAction),
    /// Lists, shows and cancels carousels
    #[command(subcommand)]
    Carousel(CarouselAction),
    /// Shows and changes workspaces of Desk
    ///
    /// The function `desk-operator` executes these commands. Each is written to the workspace's audit, with your AWS
    /// identity and with the reason of a change.
    #[command(subcommand)]
    Desk(DeskAction),
    /// Adds up the cost, by AWS's list prices
    Cost {
        #[arg(long, default_value_t = 30, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=365))]
        days: u16,
    },
    /// Checks the stack, and advises on each problem
    Doctor,
}

#[derive(Debug, Args)]
pub(crate) struct DlqArguments {
    /// A dead-letter queue, or a part of its name
    pub(crate) queue: Option<String>,
    #[command(subcommand)]
    pub(crate) action: Option<DlqAction>,
    /// Show the messages' bodies, which contain texts of users
    #[arg(long)]
    pub(crate) bodies: bool,
    /// How many messages to show
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub(crate) limit: usize,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TelegramAction {
    /// Registers the webhook and the menu of commands, and shows what Telegram knows of the webhook
    Connect,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CarouselAction {
    /// Lists carousels, the latest first
    List {
        /// requested, rendering, delivering, delivered, failed or cancelled
        #[arg(long)]
        state: Option<String>,
        /// message, page, series or test
        #[arg(long)]
        origin: Option<String>,
        #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=100))]
        limit: u8,
    },
    /// Shows everything known about a carousel, with links to its files
    Show { id: String },
    /// Cancels a carousel that is being made
    Cancel {
        id: String,
        /// Do not ask for confirmation
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeskAction {
    /// Lists workspaces, the newest first
    Tenants {
        #[arg(long, value_parser = TENANT_STATES)]
        state: Option<String>,
        #[arg(long, value_parser = PLANS)]
        plan: Option<String>,
        #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_000))]
        limit: u16,
    },
    /// Shows a workspace: its state, setup, members and limits
    ///
    /// The exit code is 1 if its setup was given up.
    Tenant { id: TenantId },
    /// Suspends a workspace: its people and programs are refused, and its widgets say that the team is away
    Suspend {
        id: TenantId,
        /// Why: for the audit, which the workspace's admins read
        #[arg(long)]
        reason: String,
        /// Do not ask for confirmation
        #[arg(long)]
        yes: bool,
    },
    /// Lifts the suspension by an operator, and no other
    Resume {
        id: TenantId,
        /// Why: for the audit, which the workspace's admins read
        #[arg(long, default_value = "The suspension is over.")]
        reason: String,
    },
    /// Lists the audit of a workspace, newest first
    Audit {
        tenant: TenantId,
        /// The earliest time, such as 2026-11-29 or 2026-11-29T12:00:00Z
        #[arg(long, value_name = "TIME", value_parser = parse_since)]
        since: Option<Timestamp>,
        #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_000))]
        limit: u16,
    },
    /// Shows the limits of a workspace, or sets amounts in the place of its plan's
    Limits {
        tenant: TenantId,
        /// Such as seats=7; seats=plan is the plan's amount again
        #[arg(value_name = "NAME=AMOUNT", value_parser = parse_amount)]
        amounts: Vec<LimitAmount>,
        /// Why amounts are set: for the audit
        #[arg(long)]
        reason: Option<String>,
        /// Do not ask for confirmation
        #[arg(long)]
        yes: bool,
    },
    /// Puts a workspace on a plan that is paid elsewhere
    Plan {
        tenant: TenantId,
        #[arg(value_parser = ["starter", "team", "business"])]
        plan: String,
        /// Why: for the audit
        #[arg(long)]
        reason: String,
        /// Do not ask for confirmation
        #[arg(long)]
        yes: bool,
    },
    /// Makes a person an operator of the platform, who sees all workspaces in the console
    Operator {
        /// The verified address of the person
        email: String,
        /// Ends it instead
        #[arg(long)]
        remove: bool,
        /// Why: for the audit
        #[arg(long)]
        reason: String,
        /// Do not ask for confirmation
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArguments {
    /// A file with an event, or a correlation id
    #[arg(value_name = "FILE|COR_ID", required_unless_present = "events")]
    pub(crate) what: Option<PathBuf>,
    /// The carousel's counts, from its journal
    #[arg(long, conflicts_with_all = ["what", "function"])]
    pub(crate) events: bool,
    /// Only compare, and change nothing
    #[arg(long, requires = "events")]
    pub(crate) dry_run: bool,
    /// The function, by the name of its binary [default: the file's name up to its first dot]
    #[arg(long, value_name = "NAME")]
    pub(crate) function: Option<String>,
    /// Do not ask for confirmation
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DlqAction {
    /// Sends its messages back to their source queue, as new messages
    ///
    /// SQS moves all messages, in a task that continues by itself. With --message this command sends each message, then
    /// deletes it. An interruption in between duplicates the message, which the functions tolerate, and never loses it.
    /// Within its group the message is placed behind those already waiting.
    Redrive {
        /// Only the message with this id; may be given several times
        #[arg(long = "message", value_name = "ID")]
        messages: Vec<String>,
        /// Do not ask for confirmation
        #[arg(long)]
        yes: bool,
    },
    /// Deletes one message for good
    Delete {
        #[arg(value_name = "ID")]
        message: String,
        /// Do not ask for confirmation
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
    fn limits_are_named_with_their_amounts() {
        let id = "ten_00000000000000000000000000";
        let line = format!("confab desk limits {id} seats=7 bots=plan --reason pilot --yes");
        let Command::Desk(DeskAction::Limits {
            amounts, reason, ..
        }) = parse(&line).unwrap().command
        else {
            panic!("{line}")
        };
        let amounts: Vec<_> = amounts
            .iter()
            .map(|limit| (limit.name.as_str(), limit.amount))
            .collect();
        assert_eq!(amounts, [("seats", Some(7)), ("bots", None)]);
        assert_eq!(reason.as_deref(), Some("pilot"));
        for line in [
            format!("confab desk limits {id} seats=many --reason x"),
            format!("confab desk limits {id} seats --reason x"),
            format!("confab desk plan {id} trial --reason x"),
            format!("confab desk suspend {id}"),
            format!("confab desk audit {id} --since yesterday"),
            "confab desk tenant flowers".to_owned(),
            "confab desk tenants --state asleep".to_owned(),
        ] {
            assert!(parse(&line).is_err(), "{line}");
        }
        for line in [
            format!("confab desk audit {id} --since 2026-11-29"),
            format!("confab desk audit {id} --since 2026-11-29T12:00:00Z"),
            format!("confab desk resume {id}"),
        ] {
            assert!(parse(&line).is_ok(), "{line}");
        }
    }

    #[test]
    fn what_is_no_correlation_id_is_refused() {
        assert!(parse("confab trace hello").is_err());
        assert!(parse("confab trace cor_00000000000000000000000000").is_ok());
    }
}
