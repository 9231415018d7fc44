//! Changes of conversations: decided over the head, written under its version, and published to sockets.
//!
//! A writer who loses a race reads the head again and decides again. So numbers are gapless, and what is refused now is
//! not written because it was allowed a moment ago.

use std::collections::BTreeSet;

use confab_core::{CorrelationId, Error, Result, Timestamp};
use confab_worker::SaveOutcome;
use desk_domain::{
    Author, Command, Contact, ConversationEvent, ConversationPatch, ConversationStatus, EndReason,
    Exchange, Head, Message, MessageDraft, PrechatAnswers, Refusal, Transition, apply_commands,
    fill_prechat_with_bot, post_with_bot,
};

use super::{
    conversation_news::{ConversationNews, publish},
    greeting::{find_answering_bot, save_form},
};
use crate::{
    state::State,
    store::{ConversationWrite, OpenedConversation, Tenant},
};

/// Writers of one conversation that may win before another one has to retry.
const MAX_CAS_ATTEMPTS: usize = 24;
/// A message, the events around it and the bot's answer.
const MAX_EXCHANGE_ENTRIES: usize = 10;

/// A message that was posted, now or by an earlier attempt of the same client.
#[derive(Debug, Clone)]
pub(crate) struct Posted {
    pub(crate) message: Message,
    pub(crate) is_new: bool,
}

fn contended() -> Error {
    Error::unavailable("contended", "the conversation changed at each attempt")
}

/// Applies commands, which take effect together or not at all, over a head that was read. Returns the head afterwards.
/// Messages are posted with `post_over`, which knows retries.
pub(crate) async fn apply_over(
    state: &State,
    tenant: Tenant<'_>,
    head: Head,
    commands: &[Command],
    author: &Author,
    correlation_id: CorrelationId,
) -> Result<Head> {
    let decide = |head: &Head, now: Timestamp| {
        apply_commands(head, commands, author, now).map_err(Error::from)
    };
    let is_read = |command: &Command| matches!(command, Command::Read { .. });
    // Clients mark what they show every few seconds. Another command that changes nothing is a retry.
    let is_retried = !commands.iter().all(is_read);
    change(state, tenant, head, decide, is_retried, correlation_id).await
}

/// Applies an agent's changes to the version that the agent saw.
pub(crate) async fn patch(
    state: &State,
    tenant: Tenant<'_>,
    head: Head,
    patch: &ConversationPatch,
    author: &Author,
    correlation_id: CorrelationId,
) -> Result<Head> {
    let decide = |head: &Head, now: Timestamp| patch.apply(head, author, now);
    change(state, tenant, head, decide, true, correlation_id).await
}

/// Ends a snooze, or an idle conversation, that was due at a time by the clock of another function. A message that
/// arrives meanwhile wins: it changes the head, and the decision is made again.
pub(crate) async fn settle_due(
    state: &State,
    tenant: Tenant<'_>,
    head: Head,
    due_at: Timestamp,
    correlation_id: CorrelationId,
) -> Result<Head> {
    let decide = |head: &Head, now: Timestamp| {
        let now = now.max(due_at);
        let commands = [Command::Wake, Command::EndIdle];
        apply_commands(head, &commands, &Author::System, now).map_err(Error::from)
    };
    // One that has been ended for another reason meanwhile has nothing to publish again.
    let is_retried = head
        .ended
        .is_none_or(|ended| ended.reason == EndReason::NoReply);
    change(state, tenant, head, decide, is_retried, correlation_id).await
}

/// Decides over the head until the decision is written under the version that it was made for.
async fn change(
    state: &State,
    tenant: Tenant<'_>,
    mut head: Head,
    decide: impl Fn(&Head, Timestamp) -> Result<Transition> + Send,
    is_retried: bool,
    correlation_id: CorrelationId,
) -> Result<Head> {
    for _ in 0..MAX_CAS_ATTEMPTS {
        let decided = decide(&head, state.clock.now())?;
        let changed = commit(state, tenant, &head, decided, is_retried, correlation_id).await?;
        if let Some(changed) = changed {
            return Ok(changed);
        }
        head = tenant.require_head(head.id).await?;
    }
    Err(contended())
}

/// Writes a decision that was made over a head, and publishes it. `None` when the conversation was changed meanwhile.
async fn commit(
    state: &State,
    tenant: Tenant<'_>,
    before: &Head,
    decided: Transition,
    is_retried: bool,
    correlation_id: CorrelationId,
) -> Result<Option<Head>> {
    let Transition { head, entries } = decided;
    let is_changed = head != *before;
    if is_changed {
        let write = ConversationWrite {
            version: before.version,
            head: &head,
            entries: &entries,
            posted: None,
            mentions: &BTreeSet::new(),
        };
        if tenant.save_transition(&write, Vec::new()).await? == SaveOutcome::Conflict {
            return Ok(None);
        }
    }
    // Published again on a retry: the first attempt may have died before it did.
    if is_changed || is_retried {
        let is_ended = if is_changed {
            entries.iter().any(is_end)
        } else {
            head.status == ConversationStatus::Closed
        };
        let news = ConversationNews {
            head: &head,
            entries: &entries,
            key: format!("changed#{}#{}", head.id, head.version),
            is_ended,
        };
        publish(state, tenant, news, correlation_id).await?;
    }
    Ok(Some(head))
}

fn is_end(entry: &Message) -> bool {
    matches!(entry.event, Some(ConversationEvent::Ended { .. }))
}

/// A message that is to be posted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PostRequest<'a> {
    pub(crate) draft: &'a MessageDraft,
    /// The path of the page that the visitor is on.
    pub(crate) page: Option<&'a str>,
    pub(crate) author: &'a Author,
}

/// Posts a message to a conversation that was opened for it. The author and client id tell a retry, which returns the
/// first message. While the bot handles the conversation, its answer to a visitor is written together with the message.
pub(crate) async fn post_over(
    state: &State,
    tenant: Tenant<'_>,
    mut opened: OpenedConversation,
    request: PostRequest<'_>,
    correlation_id: CorrelationId,
) -> Result<Posted> {
    let PostRequest { draft, author, .. } = request;
    let id = opened.head.id;
    for _ in 0..MAX_CAS_ATTEMPTS {
        if let Some(seq) = opened.repeated_seq {
            return repeat(state, tenant, opened.head, seq, &request, correlation_id).await;
        }
        // Boxed, because futures of sockets hold it in several places.
        if let Some(posted) = Box::pin(try_post(state, tenant, &opened, request)).await? {
            let news = ConversationNews::of_post(&posted.head, &posted.message, &posted.entries);
            publish(state, tenant, news, correlation_id).await?;
            return Ok(Posted {
                message: posted.message,
                is_new: true,
            });
        }
        opened = tenant
            .open_conversation(id, author, &draft.client_msg_id)
            .await?;
    }
    Err(contended())
}

/// A message and all that was written with it.
struct Written {
    message: Message,
    head: Head,
    entries: Vec<Message>,
}

/// Decides a message over an opened conversation, and writes it. `None` when the conversation was changed meanwhile.
async fn try_post(
    state: &State,
    tenant: Tenant<'_>,
    opened: &OpenedConversation,
    request: PostRequest<'_>,
) -> Result<Option<Written>> {
    let PostRequest {
        draft,
        page,
        author,
    } = request;
    let head = &opened.head;
    if opened.contact.as_ref().is_some_and(Contact::is_blocked) {
        return Err(Refusal::Blocked.into());
    }
    let bot = find_answering_bot(state, tenant, head, author).await?;
    let email = opened
        .contact
        .as_ref()
        .and_then(|contact| contact.email.as_ref());
    let voice = bot.as_ref().map(|bot| bot.voice(email));
    let now = state.clock.now();
    let exchange = post_with_bot(head, draft, page, author, voice, now)?;
    save_visitor_form(tenant, head, &exchange).await?;
    let Transition {
        head: next,
        entries,
    } = exchange.transition;
    let message = find_posted(&entries, draft, author)?;
    let write = ConversationWrite {
        version: head.version,
        head: &next,
        entries: &entries,
        posted: Some(message),
        mentions: &draft.mentions,
    };
    let files = tenant.attach_uploads(head.id, message).await?;
    if tenant.save_transition(&write, files).await? == SaveOutcome::Conflict {
        return Ok(None);
    }
    Ok(Some(Written {
        message: message.clone(),
        head: next,
        entries,
    }))
}

pub(crate) fn find_posted<'a>(
    entries: &'a [Message],
    draft: &MessageDraft,
    author: &Author,
) -> Result<&'a Message> {
    let mut entries = entries.iter();
    let posted = entries.find(|entry| draft.is_repeat_of(entry, author));
    posted.ok_or_else(|| Error::internal("nothing_posted", "a post appended no message"))
}

/// Returns the message that an earlier attempt posted, and publishes it again: that attempt may have died before.
async fn repeat(
    state: &State,
    tenant: Tenant<'_>,
    head: Head,
    seq: u64,
    request: &PostRequest<'_>,
    correlation_id: CorrelationId,
) -> Result<Posted> {
    let after = seq.saturating_sub(1);
    let entries = tenant
        .messages_after(head.id, after, MAX_EXCHANGE_ENTRIES, correlation_id)
        .await?;
    let message = entries.first().filter(|message| message.seq == seq);
    let message = message.ok_or_else(|| Error::not_found("message"))?.clone();
    if !request.draft.is_repeat_of(&message, request.author) {
        return Err(Error::conflict(
            "client_msg_id_used",
            "Another message has this client_msg_id.",
        ));
    }
    let news = ConversationNews::of_post(&head, &message, &entries);
    publish(state, tenant, news, correlation_id).await?;
    Ok(Posted {
        message,
        is_new: false,
    })
}

/// Takes a visitor's answers to the form before the chat.
pub(crate) async fn fill_prechat(
    state: &State,
    tenant: Tenant<'_>,
    mut head: Head,
    answers: &PrechatAnswers,
    visitor: &Author,
    correlation_id: CorrelationId,
) -> Result<Head> {
    for _ in 0..MAX_CAS_ATTEMPTS {
        let bot = find_answering_bot(state, tenant, &head, visitor).await?;
        let voice = bot.as_ref().map(|bot| bot.voice(None));
        let now = state.clock.now();
        let exchange = fill_prechat_with_bot(&head, answers, visitor, voice, now)?;
        save_visitor_form(tenant, &head, &exchange).await?;
        let decided = exchange.transition;
        let changed = commit(state, tenant, &head, decided, true, correlation_id).await?;
        if let Some(changed) = changed {
            return Ok(changed);
        }
        head = tenant.require_head(head.id).await?;
    }
    Err(contended())
}

/// The contact is filled first: what a visitor typed is true whether or not the message gets its number.
async fn save_visitor_form(tenant: Tenant<'_>, head: &Head, exchange: &Exchange) -> Result<()> {
    match &exchange.form {
        Some(form) => save_form(tenant, head.visitor.id, form).await,
        None => Ok(()),
    }
}
