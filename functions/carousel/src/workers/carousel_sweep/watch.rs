//! Looks at the service, and publishes what changed: each alert, change of health and dead letter once.

use std::{collections::BTreeMap, time::Duration};

use carousel_domain::analytics::{DeadLetterSeen, Totals, WatchContext, WatchEvent, observe};
use confab_contracts::operations::Severity;
use confab_core::{CorrelationId, Result, before};
use confab_lambda::{ScheduledRun, metrics, warn};

use crate::{
    services::watched_queues::{WatchedQueue, depths},
    state::State,
};

/// As far back as a rule of the last hour sees.
const TOTALS_WINDOW: Duration = Duration::from_secs(2 * 3_600);

pub(super) async fn watch(
    state: &State,
    run: &ScheduledRun,
    overdue_seconds: Option<u64>,
) -> Result<()> {
    let journal = state.journal()?;
    let mut saved = journal.watch().await?;
    let generation = journal.pointer().await?.current;
    let from = before(run.at, TOTALS_WINDOW);
    let totals = journal.metrics(generation, from, run.at).await?;
    let seen = look(state, run, &totals, overdue_seconds).await?;
    saved.watch = observe(saved.watch, &seen);
    journal.save_watch(&mut saved).await?;
    if saved.watch.outbox.is_empty() {
        return Ok(());
    }
    for event in &saved.watch.outbox {
        publish(state, event).await?;
    }
    saved.watch.outbox.clear();
    journal.save_watch(&mut saved).await
}

async fn look<'a>(
    state: &State,
    run: &ScheduledRun,
    totals: &'a Totals,
    overdue_seconds: Option<u64>,
) -> Result<WatchContext<'a>> {
    let queues = state.watched_queues()?;
    let (waiting, dead) = tokio::join!(
        depths(&queues.queues, run.correlation_id),
        depths(&queues.dead_letters, run.correlation_id)
    );
    let all = waiting.iter().chain(&dead);
    let answers = all.map(|(queue, depth)| (queue.part().to_owned(), depth.is_some()));
    let mut parts: BTreeMap<_, _> = answers.collect();
    parts.insert("table".to_owned(), overdue_seconds.is_some());
    let mut journal = waiting
        .iter()
        .filter(|(queue, _)| queue.part() == "journal");
    Ok(WatchContext {
        now: run.at,
        correlation_id: run.correlation_id,
        totals,
        parts,
        overdue_seconds,
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
    code.unwrap_or("too_many_receives").to_owned()
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
    }
}
