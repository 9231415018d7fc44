//! One delivery of a job: what it may ask the model, and what it leaves behind.
//!
//! Each result is stored, with the cost of its answer, before it is queued: a job that is delivered again does not pay
//! again. A process that dies during a call loses that call alone.

use std::time::Duration;

use carousel_domain::{
    Brief, ComposedReason, Dialogue, DialogueEnd, Reply, Turn, Usage, WriteJob, WriteResult,
    Written, cache_key, max_model_calls,
};
use confab_core::{CorrelationId, Error, Result, after};
use confab_lambda::{metrics, warn};
use confab_openai::{Model, ModelError};
use tokio::time::Instant;

use super::{
    MODERATION_TIMEOUT, Moderation, WriterModel, chat_request,
    errors::{is_defect, may_help_again, reason_of},
    hash_of, reply_of,
    texts::{input_of, output_of},
    time::{MIN_CALL_TIME, call_timeout, is_large},
};
use crate::{
    state::State,
    store::{Reservation, ReserveOutcome, Store, WritingRow, taken},
};

/// Limit of one delivery. The carousel's deadline is 45 s.
const MAX_JOB_TIME: Duration = Duration::from_secs(38);
/// Time that other deliveries leave the job to the one that began a call.
const LEASE_TIME: Duration = Duration::from_secs(42);
/// Time of the invocation that is left for storing and queueing the result.
const TIME_RESERVE: Duration = Duration::from_secs(5);

/// What is to be written, and who writes without the model.
pub(crate) struct Texts<'a> {
    pub(crate) job: &'a WriteJob,
    pub(crate) brief: Brief,
    pub(crate) compose: &'a (dyn Fn(ComposedReason) -> WriteResult + Sync),
    pub(crate) correlation_id: CorrelationId,
    pub(crate) time_left: Duration,
}

/// Writes with the model as far as money, time and its health allow, and with the composer otherwise. Returns what
/// the model used for it, in all deliveries of the job.
pub(crate) async fn write(state: &State, texts: Texts<'_>) -> Result<(WriteResult, Vec<Usage>)> {
    let composed = |reason| Ok(((texts.compose)(reason), Vec::new()));
    let Some(model) = state.model() else {
        return composed(ComposedReason::NoModel);
    };
    if !state.prices.has_model() {
        metrics::count("ModelFailed", "no_prices");
        let why = "its tokens have no prices, so that no budget would stop it";
        warn("model_not_usable", why, texts.correlation_id);
        return composed(ComposedReason::NoModel);
    }
    let (store, now) = (state.store()?, state.clock.now());
    // The last attempt at a revision does not depend on the model, nor on its rows being readable.
    if texts.job.is_composer_only {
        let usage = used_before(store, &texts, model).await;
        return Ok(((texts.compose)(ComposedReason::Unavailable), usage));
    }
    let cache_key = cache_key(&texts.brief);
    let known = store.writing(texts.job, cache_key.as_deref(), model.name());
    let known = known.await?;
    if let Some(result) = known.row.result {
        return Ok((result, known.row.usage));
    }
    if known.row.lease_until_ms > now.as_millisecond() {
        return Err(taken());
    }
    let client = match model.client().await {
        Ok(client) => client,
        Err(error) => {
            warn("model_not_usable", &error.to_string(), texts.correlation_id);
            let result = (texts.compose)(ComposedReason::Unavailable);
            return Ok((result, known.row.usage));
        }
    };
    let mut run = Run {
        state,
        store,
        model,
        client,
        until: Instant::now() + MAX_JOB_TIME.min(texts.time_left.saturating_sub(TIME_RESERVE)),
        had_failures: known.breaker.has_failures(),
        row: known.row,
        cache_key: cache_key.filter(|_| known.cached.is_none()),
        texts,
    };
    let (result, paid) = match known.cached {
        Some(draft) => {
            let composed = None;
            (WriteResult::Deck { draft, composed }, None)
        }
        None if store.admits(model.name(), known.breaker).await? => run.admitted().await?,
        None => (run.compose(ComposedReason::Unavailable), None),
    };
    run.settle(paid.as_ref(), Some(result.clone())).await?;
    Ok((result, run.row.usage))
}

/// Returns what earlier deliveries of a job used, if that can be read.
async fn used_before(store: &Store, texts: &Texts<'_>, model: &WriterModel) -> Vec<Usage> {
    match store.writing(texts.job, None, model.name()).await {
        Ok(known) => known.row.usage,
        Err(error) => {
            metrics::count("ModelUsageLost", "not_read");
            warn("usage_not_read", &error.to_string(), texts.correlation_id);
            Vec::new()
        }
    }
}

struct Run<'a> {
    state: &'a State,
    store: &'a Store,
    model: &'a WriterModel,
    client: Model,
    until: Instant,
    /// Failures of the model were counted before this run.
    had_failures: bool,
    row: WritingRow,
    cache_key: Option<String>,
    texts: Texts<'a>,
}

/// A call that was made: its money, and what it cost if that is known.
struct Paid {
    reservation: Reservation,
    micros: u64,
}

/// How the dialogue ended, with the call that is not settled yet.
struct Ended {
    end: DialogueEnd,
    /// Why the composer writes, if the dialogue wrote nothing.
    reason: ComposedReason,
    paid: Option<Paid>,
}

impl Run<'_> {
    /// Writes what a healthy model may be asked for. Returns the result with the call that is not settled yet.
    async fn admitted(&mut self) -> Result<(WriteResult, Option<Paid>)> {
        match self.moderate(&input_of(&self.texts.brief)).await {
            Ok(Moderation::Clean) => {}
            Ok(Moderation::Flagged) => {
                metrics::count("ModelRefused", "topic_flagged");
                return Ok((WriteResult::Refused, None));
            }
            Err(error) => {
                self.failed(&error).await;
                return Ok((self.compose(ComposedReason::Unavailable), None));
            }
        }
        let max_calls = max_model_calls(&self.texts.brief);
        let calls_left = max_calls.saturating_sub(self.row.calls);
        if calls_left == 0 {
            return Ok((self.compose(ComposedReason::Unavailable), None));
        }
        let dialogue = Dialogue::new(self.texts.brief.clone(), calls_left);
        let Ended { end, reason, paid } = self.talk(dialogue).await?;
        let result = match end {
            DialogueEnd::Refused => {
                metrics::count("ModelRefused", "model");
                WriteResult::Refused
            }
            DialogueEnd::Unusable => self.compose(reason),
            DialogueEnd::Written(written) => self.checked(written).await,
        };
        Ok((result, paid))
    }

    /// Asks until the dialogue ends, or money, time or the model do.
    async fn talk(&mut self, mut dialogue: Dialogue) -> Result<Ended> {
        loop {
            let Some(reservation) = self.reserve(&dialogue).await? else {
                return Ok(Ended {
                    end: dialogue.end(),
                    reason: ComposedReason::Budget,
                    paid: None,
                });
            };
            let (reply, micros) = self.call(&dialogue, &reservation).await;
            let paid = Paid {
                reservation,
                micros,
            };
            let is_answered = matches!(reply, Some(Reply::Text(_) | Reply::CutOff));
            match self.next(&mut dialogue, reply) {
                Some(end) => {
                    let reason = if is_answered {
                        ComposedReason::Unusable
                    } else {
                        ComposedReason::Unavailable
                    };
                    return Ok(Ended {
                        end,
                        reason,
                        paid: Some(paid),
                    });
                }
                None => self.settle(Some(&paid), None).await?,
            }
        }
    }

    /// Returns the end of the dialogue, or `None` if there is another call.
    fn next(&self, dialogue: &mut Dialogue, reply: Option<Reply>) -> Option<DialogueEnd> {
        let Some(reply) = reply else {
            return Some(dialogue.end());
        };
        let answer = match &reply {
            Reply::Text(text) => hash_of(text),
            Reply::CutOff => "cut off".to_owned(),
            Reply::Refused => "refused".to_owned(),
            Reply::Nothing => "nothing".to_owned(),
        };
        let turn = dialogue.reply(reply);
        if !matches!(turn, Turn::End(DialogueEnd::Written(_))) {
            self.log("answer_not_accepted", &format!("answer {answer}"));
        }
        match turn {
            Turn::End(end) => Some(end),
            Turn::Ask(_) if self.call_time() >= MIN_CALL_TIME => None,
            Turn::Ask(_) => Some(dialogue.end()),
        }
    }

    /// Keeps the money for the next call. `None` when a budget is spent.
    async fn reserve(&mut self, dialogue: &Dialogue) -> Result<Option<Reservation>> {
        let now = self.state.clock.now();
        let micros = dialogue
            .request()
            .tokens_at_most()
            .micros(&self.state.prices);
        let reservation = Reservation::new(&self.texts.job.owner, micros, now);
        let (job, budgets) = (self.texts.job, &self.model.budgets);
        let lease_until = after(now, LEASE_TIME);
        let reserved = self
            .store
            .reserve(job, &mut self.row, lease_until, &reservation, budgets);
        match reserved.await? {
            ReserveOutcome::Reserved => Ok(Some(reservation)),
            ReserveOutcome::Full(budget) => {
                metrics::count("ModelBudgetStop", budget.name());
                Ok(None)
            }
            ReserveOutcome::Taken => Err(taken()),
        }
    }

    /// Calls the model once. Returns its reply, or `None` if another call would not help now, and the micro-dollars.
    async fn call(
        &mut self,
        dialogue: &Dialogue,
        reservation: &Reservation,
    ) -> (Option<Reply>, u64) {
        let request = dialogue.request();
        let max_tokens = request.prompt.max_tokens;
        let timeout = call_timeout(self.call_time(), dialogue.is_last_call(), max_tokens);
        let client = self.client.completing_within(timeout);
        match client.complete(&chat_request(request)).await {
            Ok(completion) => {
                self.succeeded().await;
                let (reply, tokens) = reply_of(completion, request);
                self.count_tokens(&tokens.usage());
                (Some(reply), tokens.micros(&self.state.prices))
            }
            Err(ModelError::Refused {
                of_content: true, ..
            }) => (Some(Reply::Refused), 0),
            Err(ModelError::TimedOut) if is_large(max_tokens) => {
                // One person's large request says nothing of the model's health.
                self.tell_failure(&ModelError::TimedOut);
                (None, reservation.micros)
            }
            Err(error) => {
                self.failed(&error).await;
                // Whether a lost call was charged is not known: its reservation stays.
                let micros = if error.may_be_charged() {
                    reservation.micros
                } else {
                    0
                };
                (may_help_again(&error).then_some(Reply::Nothing), micros)
            }
        }
    }

    /// Moderates what the model wrote.
    async fn checked(&mut self, written: Written) -> WriteResult {
        let text = output_of(&written);
        match self.moderate(&text).await {
            Ok(Moderation::Clean) => match written {
                Written::Deck(draft) => WriteResult::Deck {
                    draft,
                    composed: None,
                },
                Written::Slide(slide) => WriteResult::Slide {
                    slide,
                    composed: None,
                },
            },
            Ok(Moderation::Flagged) => {
                metrics::count("ModelRefused", "answer_flagged");
                self.log("answer_flagged", &hash_of(&text));
                WriteResult::Refused
            }
            Err(error) => {
                self.failed(&error).await;
                self.compose(ComposedReason::Unavailable)
            }
        }
    }

    async fn moderate(&self, text: &str) -> Result<Moderation, ModelError> {
        self.model.moderate(&self.client, text).await
    }

    /// Stores the last call's cost, and the job's result once there is one.
    async fn settle(&mut self, paid: Option<&Paid>, result: Option<WriteResult>) -> Result<()> {
        let settled = paid.map(|paid| (&paid.reservation, paid.micros));
        self.row.result = result;
        let cache_key = self.cache_key.as_deref();
        let (job, row) = (self.texts.job, &self.row);
        self.store.settle(job, row, settled, cache_key).await
    }

    fn compose(&self, reason: ComposedReason) -> WriteResult {
        (self.texts.compose)(reason)
    }

    /// The time that is left for a call, so that its answer can be moderated.
    fn call_time(&self) -> Duration {
        let left = self.until.saturating_duration_since(Instant::now());
        left.saturating_sub(MODERATION_TIMEOUT)
    }

    fn count_tokens(&mut self, usage: &[Usage]) {
        for used in usage {
            metrics::add("ModelTokens", used.kind.name(), used.units);
            let same = self.row.usage.iter_mut().find(|row| row.kind == used.kind);
            match same {
                Some(row) => row.units = row.units.saturating_add(used.units),
                None => self.row.usage.push(*used),
            }
        }
    }

    fn tell_failure(&self, error: &ModelError) {
        let reason = match error {
            ModelError::TimedOut => "late",
            error if is_defect(error) => "defect",
            _ => "outage",
        };
        metrics::count("ModelFailed", reason);
        self.log("model_failed", &reason_of(error));
    }

    /// Notes that the model did not answer. The texts do not depend on that note.
    async fn failed(&mut self, error: &ModelError) {
        self.tell_failure(error);
        self.had_failures = true;
        let noted = self.store.count_failure(self.model.name()).await;
        self.log_error(noted);
    }

    async fn succeeded(&mut self) {
        if std::mem::take(&mut self.had_failures) {
            let noted = self.store.close_breaker(self.model.name()).await;
            self.log_error(noted);
        }
    }

    fn log_error(&self, outcome: Result<(), Error>) {
        if let Err(error) = outcome {
            self.log("breaker_not_written", &error.to_string());
        }
    }

    /// Logs with the hash of what was asked, and never with a text.
    fn log(&self, what: &'static str, why: &str) {
        let prompt = hash_of(self.texts.brief.subject.as_str());
        let why = format!("{why}, subject {prompt}");
        warn(what, &why, self.texts.correlation_id);
    }
}
