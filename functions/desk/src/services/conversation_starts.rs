//! Starting conversations: of visitors for themselves, and of agents with a contact.
//!
//! The client's id of a conversation names it. A retry finds the conversation that the first attempt has begun.

use std::collections::{BTreeMap, BTreeSet};

use confab_core::{CorrelationId, Error, Kind, Private, Result, Timestamp, UserId};
use desk_domain::{
    Author, BotId, ClientMessageId, Command, Contact, ContactChange, ConversationId, Exchange,
    Head, LanguageTag, LimitName, MessageDraft, NewConversation, PrechatAnswers, Refusal,
    ReopenPolicy, Tenant as TenantRecord, Transition, VisitorId, VisitorSummary, apply_commands,
    check_answers, start_conversation, start_with_bot,
};

use super::{
    conversation_access::{reaches, require_contact, staff_author},
    conversation_news::{ConversationNews, publish},
    conversations::find_posted,
    greeting::{AnsweringBot, find_bot, save_form},
    limits::limit_reached,
};
use crate::{
    auth::{Access, VisitorAccess},
    state::State,
    store::{ConversationWrite, NewConversationWrite, StartOutcome, Tenant},
};

/// Attempts of one client at once, of which one begins the conversation.
const MAX_ATTEMPTS: usize = 3;

/// What a client asks for.
#[derive(Debug, Clone)]
pub(crate) struct StartRequest {
    pub(crate) client_id: ClientMessageId,
    pub(crate) bot: Option<BotId>,
    pub(crate) answers: BTreeMap<String, Private<String>>,
    pub(crate) first: Option<MessageDraft>,
    /// The path of the page that the visitor is on.
    pub(crate) page: Option<String>,
    pub(crate) language: Option<LanguageTag>,
}

/// With whom an agent begins a conversation.
#[derive(Debug, Clone)]
pub(crate) enum StartedWith {
    Visitor(VisitorId),
    /// A new contact, with what is known of it.
    NewContact(ContactChange),
}

/// A conversation that was begun, now or by an earlier attempt of the same client.
#[derive(Debug, Clone)]
pub(crate) struct Started {
    pub(crate) head: Head,
    pub(crate) is_new: bool,
}

fn summary_of(contact: &Contact) -> VisitorSummary {
    VisitorSummary {
        id: contact.id,
        name: contact.name.clone(),
        is_verified: contact.is_verified,
        is_blocked: contact.is_blocked(),
    }
}

/// Starts a conversation of a visitor with the bot of the site. The bot's first words are written with it.
pub(crate) async fn start_of_visitor(
    state: &State,
    tenant: Tenant<'_>,
    visitor: &VisitorAccess,
    request: &StartRequest,
    correlation_id: CorrelationId,
) -> Result<Started> {
    let bot_id = visitor.token.bot;
    if request.bot.is_some_and(|bot| bot != bot_id) {
        return Err(Error::not_found("chatbot"));
    }
    let starter = Author::Visitor {
        id: visitor.token.visitor,
        name: None,
    };
    for _ in 0..MAX_ATTEMPTS {
        let (started, contact, bot, record) = tokio::try_join!(
            tenant.find_started(&starter, &request.client_id),
            require_contact(tenant, visitor),
            find_bot(state, tenant, bot_id),
            tenant.require_tenant()
        )?;
        if let Some(id) = started {
            let head = tenant.require_head(id).await?;
            return repeat(state, tenant, head, correlation_id).await;
        }
        let bot = bot.ok_or_else(|| Error::not_found("chatbot"))?;
        let is_verified = visitor.token.is_verified && contact.is_verified;
        bot.settings().authorize_visitor(is_verified)?;
        let now = state.clock.now();
        let id = ConversationId::new(now, &state.entropy);
        let exchange = greet(id, &contact, bot_id, &bot, request, now)?;
        if let Some(form) = &exchange.form {
            save_form(tenant, contact.id, form).await?;
        }
        let start = Start {
            starter: &starter,
            transition: &exchange.transition,
            contact: None,
            request,
            record: &record,
        };
        if let Some(started) = save(state, tenant, start, now, correlation_id).await? {
            return Ok(started);
        }
    }
    Err(contended())
}

/// Decides the first exchange of a visitor with a bot.
fn greet(
    id: ConversationId,
    contact: &Contact,
    bot_id: BotId,
    bot: &AnsweringBot,
    request: &StartRequest,
    now: Timestamp,
) -> Result<Exchange> {
    if contact.is_blocked() {
        return Err(Refusal::Blocked.into());
    }
    let prechat = if request.answers.is_empty() {
        PrechatAnswers::default()
    } else {
        check_answers(&bot.settings().prechat, &request.answers)?
    };
    let mut summary = summary_of(contact);
    if summary.name.is_none() {
        summary.name = prechat.name().map(Private::from);
    }
    let visitor = Author::Visitor {
        id: contact.id,
        name: summary.name.clone(),
    };
    let new = NewConversation {
        id,
        visitor: summary,
        bot_id: Some(bot_id),
        language: request.language.clone().or(contact.language.clone()),
        reopening: bot.settings().reopening,
        prechat,
    };
    let voice = Some(bot.voice(contact.email.as_ref()));
    let (first, page) = (request.first.as_ref(), request.page.as_deref());
    start_with_bot(new, first, page, &visitor, voice, now)
}

/// Starts a conversation of an agent with a contact. It is in the agent's hands.
pub(crate) async fn start_of_agent(
    state: &State,
    tenant: Tenant<'_>,
    access: &Access,
    with: &StartedWith,
    request: &StartRequest,
    correlation_id: CorrelationId,
) -> Result<Started> {
    let starter = staff_author(state, access).await?;
    for _ in 0..MAX_ATTEMPTS {
        let (started, record) = tokio::try_join!(
            tenant.find_started(&starter, &request.client_id),
            tenant.require_tenant()
        )?;
        if let Some(id) = started {
            let head = tenant.require_head(id).await?;
            // The member who made a key may have begun it with a bot that the key does not reach.
            if !reaches(access, &head) {
                return Err(Error::not_found("conversation"));
            }
            return repeat(state, tenant, head, correlation_id).await;
        }
        let now = state.clock.now();
        let contact = match with {
            StartedWith::Visitor(id) => {
                let contact = tenant.find_contact(*id).await?;
                contact.ok_or_else(|| Error::not_found("contact"))?
            }
            StartedWith::NewContact(change) => {
                let id = VisitorId::new(now, &state.entropy);
                Contact::unverified(id, now).with_change(1, change)?
            }
        };
        let transition = begin(state, tenant, &contact, &starter, request, now).await?;
        let start = Start {
            starter: &starter,
            transition: &transition,
            contact: matches!(with, StartedWith::NewContact(_)).then_some(&contact),
            request,
            record: &record,
        };
        if let Some(started) = save(state, tenant, start, now, correlation_id).await? {
            return Ok(started);
        }
    }
    Err(contended())
}

/// Decides how an agent begins: the conversation is assigned to the agent, then the first message follows.
async fn begin(
    state: &State,
    tenant: Tenant<'_>,
    contact: &Contact,
    agent: &Author,
    request: &StartRequest,
    now: Timestamp,
) -> Result<Transition> {
    let mut reopening = ReopenPolicy::default();
    if let Some(id) = request.bot {
        let bot = find_bot(state, tenant, id).await?;
        let bot = bot.ok_or_else(|| Error::not_found("chatbot"))?;
        reopening = bot.settings().reopening;
    }
    let new = NewConversation {
        id: ConversationId::new(now, &state.entropy),
        visitor: summary_of(contact),
        bot_id: request.bot,
        language: request.language.clone().or(contact.language.clone()),
        reopening,
        prechat: PrechatAnswers::default(),
    };
    let started = start_conversation(new, None, agent, now)?;
    let mut commands = vec![Command::Open];
    if let Author::Agent { id, .. } = agent {
        commands.push(Command::Assign {
            assignee: Some(*id),
        });
    }
    commands.extend(request.first.clone().map(Command::Post));
    let begun = apply_commands(&started.head, &commands, agent, now)?;
    let mut entries = started.entries;
    entries.extend(begun.entries);
    let head = Head {
        version: 1,
        ..begun.head
    };
    Ok(Transition { head, entries })
}

/// A conversation that was decided.
struct Start<'a> {
    starter: &'a Author,
    transition: &'a Transition,
    contact: Option<&'a Contact>,
    request: &'a StartRequest,
    record: &'a TenantRecord,
}

/// Writes and publishes a new conversation. `None` when another attempt of the client was faster.
async fn save(
    state: &State,
    tenant: Tenant<'_>,
    start: Start<'_>,
    now: Timestamp,
    correlation_id: CorrelationId,
) -> Result<Option<Started>> {
    let Transition { head, entries } = start.transition;
    let posted = match &start.request.first {
        Some(draft) => Some(find_posted(entries, draft, start.starter)?),
        None => None,
    };
    let no_mentions: BTreeSet<UserId> = BTreeSet::new();
    let entitlements = start.record.entitlements();
    let new = NewConversationWrite {
        write: ConversationWrite {
            version: 0,
            head,
            entries,
            posted,
            mentions: &no_mentions,
        },
        starter: start.starter,
        client_id: &start.request.client_id,
        limit: entitlements.limit(LimitName::Conversations),
        contact: start.contact,
    };
    match tenant.save_new_conversation(&new, now).await? {
        StartOutcome::Saved => {}
        StartOutcome::Repeated => return Ok(None),
        StartOutcome::LimitReached => return Err(limit_reached(LimitName::Conversations)),
        StartOutcome::TooManyToday => return Err(too_many_today()),
    }
    publish(state, tenant, news_of(head, entries), correlation_id).await?;
    Ok(Some(Started {
        head: head.clone(),
        is_new: true,
    }))
}

fn news_of<'a>(head: &'a Head, entries: &'a [desk_domain::Message]) -> ConversationNews<'a> {
    ConversationNews {
        head,
        entries,
        key: format!("started#{}", head.id),
        is_ended: false,
    }
}

/// Returns the conversation that an earlier attempt has begun, and publishes it again: that attempt may have died before.
async fn repeat(
    state: &State,
    tenant: Tenant<'_>,
    head: Head,
    correlation_id: CorrelationId,
) -> Result<Started> {
    publish(state, tenant, news_of(&head, &[]), correlation_id).await?;
    Ok(Started {
        head,
        is_new: false,
    })
}

fn contended() -> Error {
    Error::unavailable(
        "contended",
        "another attempt began the conversation, and is not seen",
    )
}

fn too_many_today() -> Error {
    let kind = Kind::RateLimited {
        retry_after_seconds: 3_600,
    };
    let message = "You have started many conversations today. Go on in one of them.";
    Error::new(kind, "too_many_conversations", message)
}
