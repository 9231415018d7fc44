//! The bot of a conversation: what it knows, and what visitors tell it about themselves.

use std::sync::Arc;

use confab_core::{Error, Result, TenantId};
use confab_worker::{Consistency, SaveOutcome};
use desk_domain::{
    Author, BotId, BotSettings, BotVoice, Contact, ContactForm, Deployment, EmailAddress,
    GreeterContext, Handler, Head, Hours, VisitorId,
};

use super::bot_cache::find_live_bot;
use crate::{age_bounded_cache::AgeBoundedCache, state::State, store::Tenant};

const MAX_CAS_ATTEMPTS: usize = 4;

/// Business hours that a process has read. `None` is a tenant without hours.
pub(crate) type HoursCache = AgeBoundedCache<TenantId, Option<Arc<Hours>>>;

/// A bot that answers visitors, with the business hours of its tenant.
#[derive(Debug)]
pub(crate) struct AnsweringBot {
    deployment: Arc<Deployment>,
    hours: Option<Arc<Hours>>,
    author: Author,
}

impl AnsweringBot {
    pub(crate) fn settings(&self) -> &BotSettings {
        &self.deployment.settings
    }

    pub(crate) fn voice<'a>(&'a self, email: Option<&'a EmailAddress>) -> BotVoice<'a> {
        BotVoice {
            author: &self.author,
            context: GreeterContext {
                settings: self.settings(),
                hours: self.hours.as_deref(),
                email,
            },
        }
    }
}

/// Returns a bot with its live settings, not older than half a minute. `None` is a bot that is not deployed, or deleted.
pub(crate) async fn find_bot(
    state: &State,
    tenant: Tenant<'_>,
    id: BotId,
) -> Result<Option<AnsweringBot>> {
    let (live, hours) = tokio::try_join!(
        find_live_bot(state, tenant, id, Consistency::Eventual),
        find_hours(state, tenant)
    )?;
    Ok(live.map(|live| {
        let name = live.deployment.settings.name.clone();
        AnsweringBot {
            deployment: live.deployment,
            hours,
            author: Author::Bot { id, name },
        }
    }))
}

async fn find_hours(state: &State, tenant: Tenant<'_>) -> Result<Option<Arc<Hours>>> {
    let read_at = state.clock.now();
    if let Some(known) = state.hours.get(&tenant.id(), read_at) {
        return Ok(known);
    }
    let hours = tenant.find_hours().await?.map(Arc::new);
    state.hours.put(tenant.id(), read_at, hours.clone());
    Ok(hours)
}

/// Returns the bot that answers a message of this author: that of the conversation, if it is in the bot's hands.
pub(crate) async fn find_answering_bot(
    state: &State,
    tenant: Tenant<'_>,
    head: &Head,
    author: &Author,
) -> Result<Option<AnsweringBot>> {
    let is_answered = head.handled_by == Handler::Bot && matches!(author, Author::Visitor { .. });
    match head.bot_id {
        Some(id) if is_answered => find_bot(state, tenant, id).await,
        _ => Ok(None),
    }
}

/// Fills the contact of a visitor with what a form says. Repeated, it changes nothing.
pub(crate) async fn save_form(
    tenant: Tenant<'_>,
    visitor: VisitorId,
    form: &ContactForm,
) -> Result<()> {
    for _ in 0..MAX_CAS_ATTEMPTS {
        let Some(contact) = tenant.find_contact(visitor).await? else {
            return Ok(());
        };
        let filled = contact.with_form(form.name.as_deref(), form.email.as_ref())?;
        if is_saved(tenant, &contact, &filled).await? {
            return Ok(());
        }
    }
    Err(Error::unavailable(
        "contended",
        "the contact changed at each attempt",
    ))
}

async fn is_saved(tenant: Tenant<'_>, before: &Contact, after: &Contact) -> Result<bool> {
    if after == before {
        return Ok(true);
    }
    let saved = tenant.save_contact(after, before.version).await?;
    Ok(saved == SaveOutcome::Saved)
}
