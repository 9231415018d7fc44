//! The operator's command: `confab --help`. It asks a deployed stack or a running `local`, and changes little.

mod answer;
mod arguments;
mod ask;
mod carousel;
mod cost;
mod desk;
mod dlq;
mod doctor;
mod failed;
#[cfg(test)]
mod fakes;
mod lambda;
mod lines;
mod local;
mod operator;
mod place;
mod ports;
mod prices;
mod replay;
mod samconfig;
mod secrets;
mod sqs;
mod stack;
mod telegram;
mod trace;
mod view;
mod words;

use std::{io::Write, process::ExitCode};

use anyhow::Result;
use clap::Parser;

use crate::{
    answer::{Answer, Misused},
    arguments::{
        Arguments, CarouselAction, Command, DeskAction, DlqAction, DlqArguments, ReplayArguments,
        TelegramAction, with_local_joined,
    },
    ask::Terminal,
    place::{Place, View},
    replay::Stored,
};

const MISUSED: u8 = 2;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse_from(with_local_joined(std::env::args()));
    match run(arguments.command, &arguments.place).await {
        Ok(answer) => {
            let text = if arguments.json {
                format!("{:#}\n", answer.json)
            } else {
                answer.text
            };
            // The reader may have closed the pipe.
            std::io::stdout().lock().write_all(text.as_bytes()).ok();
            if answer.is_fine {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => {
            eprintln!("confab: {error:#}");
            if error.is::<Misused>() {
                ExitCode::from(MISUSED)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}

async fn run(command: Command, arguments: &arguments::PlaceArguments) -> Result<Answer> {
    let place = Place::open(arguments).await?;
    match command {
        Command::Dlq(arguments) => dlq(&place, arguments).await,
        Command::Trace { id, days } => trace::trace(&place, &id.to_string(), days).await,
        Command::Replay(arguments) => replay(&place, arguments).await,
        Command::Carousel(action) => carousel(&place, action).await,
        Command::Desk(action) => desk(&place, action).await,
        Command::Telegram(TelegramAction::Connect) => telegram::connect(&place).await,
        Command::Cost { days } => cost::cost(&place, days).await,
        Command::Doctor => doctor::doctor(&place).await,
    }
}

async fn dlq(place: &Place, arguments: DlqArguments) -> Result<Answer> {
    let DlqArguments {
        queue,
        action,
        bodies,
        limit,
    } = arguments;
    match (queue, action) {
        (None, None) => dlq::list(place).await,
        (None, Some(_)) => Err(Misused("Which queue? confab dlq QUEUE redrive".to_owned()).into()),
        (Some(queue), None) => dlq::show(place, &queue, bodies, limit).await,
        (Some(queue), Some(DlqAction::Redrive { messages, yes })) => {
            dlq::redrive(place, &queue, &messages, &Terminal { yes }, |progress| {
                eprintln!("{progress}")
            })
            .await
        }
        (Some(queue), Some(DlqAction::Delete { message, yes })) => {
            dlq::delete(place, &queue, &message, &Terminal { yes }).await
        }
    }
}

async fn carousel(place: &Place, action: CarouselAction) -> Result<Answer> {
    match action {
        CarouselAction::List {
            state,
            origin,
            limit,
        } => {
            let filter = carousel::Filter {
                state,
                origin,
                limit,
            };
            carousel::list(place, &filter).await
        }
        CarouselAction::Show { id } => carousel::show(place, &id).await,
        CarouselAction::Cancel { id, yes } => carousel::cancel(place, &id, &Terminal { yes }).await,
    }
}

async fn desk(place: &Place, action: DeskAction) -> Result<Answer> {
    match action {
        DeskAction::Tenants { state, plan, limit } => {
            desk::tenants(place, &desk::TenantFilter { state, plan, limit }).await
        }
        DeskAction::Tenant { id } => desk::tenant(place, id).await,
        DeskAction::Suspend { id, reason, yes } => {
            desk::suspend(place, id, &reason, &Terminal { yes }).await
        }
        DeskAction::Resume { id, reason } => desk::resume(place, id, &reason).await,
        DeskAction::Audit {
            tenant,
            since,
            limit,
        } => desk::audit(place, tenant, since, limit).await,
        DeskAction::Limits {
            tenant, amounts, ..
        } if amounts.is_empty() => desk::limits(place, tenant).await,
        DeskAction::Limits {
            tenant,
            amounts,
            reason,
            yes,
        } => {
            desk::set_limits(
                place,
                tenant,
                &amounts,
                reason.as_deref(),
                &Terminal { yes },
            )
            .await
        }
        DeskAction::Plan {
            tenant,
            plan,
            reason,
            yes,
        } => desk::set_plan(place, tenant, &plan, &reason, &Terminal { yes }).await,
        DeskAction::Operator {
            email,
            remove,
            reason,
            yes,
        } => desk::set_operator(place, &email, !remove, &reason, &Terminal { yes }).await,
    }
}

async fn replay(place: &Place, arguments: ReplayArguments) -> Result<Answer> {
    let ReplayArguments {
        what,
        function,
        events: _,
        dry_run,
        yes,
    } = arguments;
    let Some(what) = what else {
        let progress = |line| eprintln!("{line}");
        return replay::events::rebuild(place, dry_run, &Terminal { yes }, progress).await;
    };
    match (Stored::of(&what), function) {
        // On a laptop there is no other stack.
        (Stored::File(file), function) => {
            let yes = yes || matches!(place.view, View::Local(_));
            replay::event(place, file, function, &Terminal { yes }).await
        }
        (Stored::DeadLetters(id), None) => replay::dead_letters(place, id, &Terminal { yes }).await,
        (Stored::DeadLetters(_), Some(_)) => Err(Misused(
            "A dead letter goes back to its queue: --function is for a FILE.".to_owned(),
        )
        .into()),
    }
}
