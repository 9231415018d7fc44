//! Looks at the service, and publishes what changed: each alert, change of health and dead letter once.

use std::{collections::BTreeMap, time::Duration};

use carousel_domain::analytics::{DeadLetterSeen, Totals, WatchContext, WatchEvent, observe};
use confab_contracts::operations::Severity;
use confab_core::{CorrelationId, Result, before};
use confab_lambda::{ScheduledRun, metrics, warn};

use super::Overdue;
use crate::{
    services::watched_queues::{WatchedQueue, depths},
    state::State,
    store::{Journal, SavedWatch},
};

/// Events that are published before the state is saved again.
const PUBLISHED_AT_ONCE: usize = 10;

/// A code of an error is shorter.
const MAX_CODE_CHARS: usize = 100;

/// As far back as a rule of the last hour sees.
const TOTALS_WINDOW: Duration = Duration::from_secs(2 * 3_600);

pub(super) async fn watch(
    state: &State,
    run: &ScheduledRun,
    mut saved: SavedWatch,
    overdue: Option<&Overdue>,
) -> Result<()> {
    let journal = state.journal()?;
    let told = publish_owed(state, journal, &mut saved).await;
    // Without the bus the state still follows what is seen, while there is room for what it owes.
    if !saved.watch.has_room() {
        return told;
    }
    let generation = journal.pointer().await?.current;
    let from = before(run.at, TOTALS_WINDOW);
    let totals = journal.metrics(generation, from, run.at).await?;
    let seen = look(state, run, &totals, overdue).await?;
    saved.watch = observe(saved.watch, &seen);
    journal.save_watch(&mut saved).await?;
    told?;
    publish_owed(state, journal, &mut saved).await
}

/// Publishes what the state owes, and forgets it as it goes.
async fn publish_owed(state: &State, journal: &Journal, saved: &mut SavedWatch) -> Result<()> {
    while !saved.watch.outbox.is_empty() {
        let count = saved.watch.outbox.len().min(PUBLISHED_AT_ONCE);
        for event in &saved.watch.outbox[..count] {
            publish(state, event).await?;
        }
        saved.watch.outbox.drain(..count);
        journal.save_watch(saved).await?;
    }
    Ok(())
}

async fn look<'a>(
    state: &State,
    run: &ScheduledRun,
    totals: &'a Totals,
    overdue: Option<&Overdue>,
) -> Result<WatchContext<'a>> {
    let queues = state.watched_queues()?;
    let (waiting, dead) = tokio::join!(
        depths(&queues.queues, run.correlation_id),
        depths(&queues.dead_letters, run.correlation_id)
    );
    let all = waiting.iter().chain(&dead);
    let answers = all.map(|(queue, depth)| (queue.part().to_owned(), depth.is_some()));
    let mut parts: BTreeMap<_, _> = answers.collect();
    parts.insert("table".to_owned(), overdue.is_some());
    let mut journal = waiting
        .iter()
        .filter(|(queue, _)| queue.part() == "journal");
    Ok(WatchContext {
        now: run.at,
        correlation_id: run.correlation_id,
        totals,
        parts,
        overdue_seconds: overdue.map(|overdue| overdue.seconds),
        is_swept: overdue.is_some_and(|overdue| overdue.is_all),
        dead_letters: dead.iter().map(|(_, depth)| *depth).sum(),
        letters: letters(&dead, run.correlation_id).await,
        journal_waiting: journal.next().and_then(|(_, depth)| *depth),
        has_model: state.has_model,
        budget_permille: budget_permille(state, run.correlation_id).await?,
    })
}

/// Returns the used part of the model's budgets; `None` if it could not be read.
async fn budget_permille(state: &State, correlation_id: CorrelationId) -> Result<Option<u64>> {
    if !state.has_model {
        return Ok(Some(0));
    }
    let spent = state.store()?.stack_spent().await;
    let spent = spent.inspect_err(|error| {
        warn("budgets_not_read", &error.to_string(), correlation_id);
    });
    let used = |(day, month)| state.budgets.used_permille(day, month);
    Ok(spent.ok().map(used))
}

/// Returns the messages of the dead-letter queues that have any.
async fn letters(
    dead: &[(&WatchedQueue, Option<u64>)],
    correlation_id: CorrelationId,
) -> Vec<DeadLetterSeen> {
    let mut letters = Vec::new();
    for (queue, _) in dead
        .iter()
        .filter(|(_, depth)| depth.is_some_and(|depth| depth > 0))
    {
        let messages = queue.peek().await.unwrap_or_else(|error| {
            warn("dead_letters_not_read", &error.to_string(), correlation_id);
            Vec::new()
        });
        letters.extend(messages.into_iter().map(|message| {
            DeadLetterSeen {
                queue: queue.name.replace("-dlq", ""),
                correlation_id: message
                    .correlation_id
                    .unwrap_or_else(|| CorrelationId::of_event(&message.message_id)),
                reason: code_of(message.reason.as_deref()),
                message: message.message_id,
            }
        }));
    }
    letters
}

/// Returns the code of an error. What follows it may quote a person.
fn code_of(reason: Option<&str>) -> String {
    let code = reason.map(|reason| reason.split(':').next().unwrap_or_default());
    let code = code.unwrap_or("too_many_receives");
    code.chars().take(MAX_CODE_CHARS).collect()
}

async fn publish(state: &State, event: &WatchEvent) -> Result<()> {
    let bus = state.bus()?;
    match event {
        WatchEvent::Alert(alert) => {
            if !alert.data.is_resolved && alert.data.severity == Severity::Critical {
                metrics::count("AlertTriggered", "critical");
            }
            bus.publish(std::slice::from_ref(alert)).await
        }
        WatchEvent::Health(health) => bus.publish(std::slice::from_ref(health)).await,
        WatchEvent::Metrics(metrics) => bus.publish(std::slice::from_ref(metrics)).await,
        WatchEvent::Error(error) => bus.publish(std::slice::from_ref(error)).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reason_of_a_dead_letter_is_a_code_without_its_cause() {
        assert_eq!(
            code_of(Some("unreadable_job: Something: Dana")),
            "unreadable_job"
        );
        assert_eq!(code_of(Some("panicked")), "panicked");
        assert_eq!(code_of(None), "too_many_receives");
        assert_eq!(code_of(Some(&"x".repeat(200_000))).len(), MAX_CODE_CHARS);
    }
}
