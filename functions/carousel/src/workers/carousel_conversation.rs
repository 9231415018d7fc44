//! The worker of chats: decides what a trigger leads to, executes the effects, and tells carousels
//! what became of their messages.

mod effects;

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use carousel_domain::{
    Call, CarouselId, ChatContext, Effect as DomainEffect, Limits, Page, RENDERER_VERSION, Report,
    SagaTrigger, SendOutcome, Ticket, Trigger, decide, page_hash,
};
use confab_core::Result;
use confab_lambda::QueueMessage;
use confab_worker::{Decision, Effect, WorkerContext, work};

use self::effects::EffectExecutor;
pub use crate::services::conversation_queue::ConversationJob;
use crate::{
    state::{Part, State},
    store::{ChatAction, ChatRecord, ChatTrigger},
};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::Objects,
    Part::Bus,
    Part::WriteQueue,
    Part::RenderQueue,
    Part::Telegram,
    Part::Prices,
];

/// Handles a trigger, and the outcomes of the messages that it led to, one after the other.
pub async fn handle(state: Arc<State>, delivery: QueueMessage<ConversationJob>) -> Result<()> {
    let context = WorkerContext {
        clock: &*state.clock,
        entropy: &state.entropy,
        time_left: delivery.time_left,
    };
    let ConversationJob::V1 { id, chat, trigger } = delivery.body;
    let first = ChatTrigger {
        id,
        chat,
        trigger,
        correlation_id: delivery.correlation_id,
    };
    let mut waiting = VecDeque::from([first]);
    while let Some(trigger) = waiting.pop_front() {
        // Boxed, because the compiler gives up on deeper nesting.
        let has_calls = Box::pin(handle_one(&state, &trigger, context)).await?;
        if has_calls {
            let effects = state.store()?.decided_effects(&trigger.id).await?;
            waiting.extend(effects.iter().filter_map(report_of));
        }
    }
    Ok(())
}

/// Returns whether the decision has calls, whose outcomes are triggers. One that an earlier delivery made may have some.
async fn handle_one(
    state: &State,
    trigger: &ChatTrigger,
    context: WorkerContext<'_>,
) -> Result<bool> {
    // Commands name the bot; nothing else needs Telegram to be decided.
    let bot = match &trigger.trigger {
        Trigger::Update { .. } => state.telegram()?.name().await?,
        _ => "",
    };
    let has_calls = AtomicBool::new(true);
    let decide = |record: ChatRecord| {
        let decision = decide_chat(state, bot, record, trigger);
        let is_call = |action: &ChatAction| matches!(action.effect, DomainEffect::Call { .. });
        has_calls.store(decision.effects.iter().any(is_call), Ordering::Relaxed);
        decision
    };
    let executor = EffectExecutor::new(state, &trigger.id);
    work(trigger, state.store()?, &executor, context, decide).await?;
    Ok(has_calls.into_inner())
}

fn decide_chat(
    state: &State,
    bot: &str,
    mut record: ChatRecord,
    trigger: &ChatTrigger,
) -> Decision<ChatRecord, ChatAction> {
    let hash_page = |page: &Page| page_hash(RENDERER_VERSION, page);
    let context = ChatContext {
        now: state.clock.now(),
        bot,
        limits: Limits::default(),
        prices: &state.prices,
        hash_page: &hash_page,
    };
    let chat_state = std::mem::take(&mut record.state);
    let decision = decide(chat_state, &trigger.trigger, context);
    record.state = decision.state;
    let address = record.state.chat.as_ref().and_then(|chat| chat.address);
    let action = |effect| {
        let carousel = carousel_of(&effect);
        let correlation_id = carousel
            .and_then(|carousel| record.correlation_of(carousel))
            .unwrap_or(trigger.correlation_id);
        ChatAction::new(record.key.clone(), address, correlation_id, effect)
    };
    let mut effects: Vec<_> = decision.effects.into_iter().map(&action).collect();
    if record.state.chat.is_none() && leaves_data(&trigger.trigger) {
        let chat = record.key.clone();
        effects.push(action(DomainEffect::Erase { chat }));
    }
    Decision {
        state: record,
        effects,
    }
}

/// Whether a worker has stored something for the chat before it reported. If the chat was erased meanwhile, that is to
/// be deleted, too.
fn leaves_data(trigger: &Trigger) -> bool {
    match trigger {
        Trigger::LogoStored { .. } => true,
        Trigger::Carousel { trigger, .. } => matches!(
            trigger,
            SagaTrigger::Written { .. }
                | SagaTrigger::Rendered { .. }
                | SagaTrigger::PdfRendered { .. }
        ),
        _ => false,
    }
}

/// Returns the carousel that an effect belongs to.
fn carousel_of(effect: &DomainEffect) -> Option<CarouselId> {
    match effect {
        DomainEffect::Write { job } => Some(job.carousel),
        DomainEffect::Render { carousel, .. } | DomainEffect::RenderPdf { carousel, .. } => {
            Some(*carousel)
        }
        DomainEffect::Call { call } => match report_to(call)? {
            Report::Carousel(ticket) => Some(ticket.carousel),
            Report::Question { .. } => None,
        },
        DomainEffect::Publish { event } => event.subject()?.carousel.parse().ok(),
        DomainEffect::Quota { .. }
        | DomainEffect::StoreLogo { .. }
        | DomainEffect::SaveAlias { .. }
        | DomainEffect::Erase { .. } => None,
    }
}

/// Returns where the outcome of a call is reported to.
fn report_to(call: &Call) -> Option<Report> {
    match call {
        Call::SendMessage { report, .. } => *report,
        Call::SendPhotos { ticket, .. }
        | Call::SendDocuments { ticket, .. }
        | Call::EditPhoto { ticket, .. } => Some(Report::Carousel(*ticket)),
        Call::EditMessage { .. }
        | Call::EditKeyboard { .. }
        | Call::DeleteMessage { .. }
        | Call::AnswerCallback { .. } => None,
    }
}

/// Returns the trigger that tells what became of a call. Its id is the same in every copy.
fn report_of(effect: &Effect<ChatAction>) -> Option<ChatTrigger> {
    let DomainEffect::Call { call } = &effect.what.effect else {
        return None;
    };
    let outcome = effect.what.outcome()?;
    let trigger = match report_to(call) {
        Some(Report::Carousel(Ticket { carousel, send })) => Trigger::Carousel {
            carousel,
            trigger: SagaTrigger::Settled { send, outcome },
        },
        Some(Report::Question { number }) => Trigger::QuestionSent { number, outcome },
        None if outcome == SendOutcome::Unreachable => Trigger::Unreachable,
        None => return None,
    };
    Some(ChatTrigger {
        id: format!("sent#{}", effect.id),
        chat: effect.what.chat.clone(),
        trigger,
        correlation_id: effect.what.correlation_id,
    })
}
