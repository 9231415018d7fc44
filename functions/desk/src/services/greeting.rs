//! The bot of a conversation: what it knows, and what visitors tell it about themselves.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use confab_core::{Clock, Error, Result, TenantId, Timestamp, after};
use confab_worker::SaveOutcome;
use desk_domain::{
    Author, BotId, BotSettings, BotVoice, Contact, ContactForm, EmailAddress, GreeterContext,
    Handler, Head, Hours, VisitorId,
};

use crate::{state::State, store::Tenant};

/// How long a process uses the settings that it has read.
const MAX_AGE: Duration = Duration::from_secs(30);
const MAX_BOTS: usize = 500;
const MAX_CAS_ATTEMPTS: usize = 4;

/// The live settings of a bot, and the business hours of its tenant.
#[derive(Debug)]
pub(crate) struct LiveBot {
    pub(crate) settings: BotSettings,
    hours: Option<Hours>,
    author: Author,
}

impl LiveBot {
    pub(crate) fn voice<'a>(&'a self, email: Option<&'a EmailAddress>) -> BotVoice<'a> {
        BotVoice {
            author: &self.author,
            context: GreeterContext {
                settings: &self.settings,
                hours: self.hours.as_ref(),
                email,
            },
        }
    }
}

type Known = Option<Arc<LiveBot>>;

/// Bots that this process has read. `None` is one that is not deployed.
#[derive(Debug)]
pub(crate) struct BotCache {
    clock: Arc<dyn Clock>,
    known: Mutex<HashMap<(TenantId, BotId), (Timestamp, Known)>>,
}

impl BotCache {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            known: Mutex::default(),
        }
    }

    fn get(&self, key: (TenantId, BotId)) -> Option<Known> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (read_at, bot) = known.get(&key)?;
        (self.clock.now() < after(*read_at, MAX_AGE)).then(|| bot.clone())
    }

    fn put(&self, key: (TenantId, BotId), read_at: Timestamp, bot: Known) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_BOTS {
            known.clear();
        }
        known.insert(key, (read_at, bot));
    }
}

/// Returns the live settings of a bot, not older than half a minute. `None` is a bot that is not deployed, or deleted.
pub(crate) async fn find_bot(
    state: &State,
    tenant: Tenant<'_>,
    id: BotId,
) -> Result<Option<Arc<LiveBot>>> {
    let key = (tenant.id(), id);
    if let Some(known) = state.bots.get(key) {
        return Ok(known);
    }
    let read_at = state.clock.now();
    let (live, hours) = tokio::try_join!(tenant.find_live(id), tenant.find_hours())?;
    let bot = live
        .filter(|(live, _)| live.key.is_some())
        .map(|(_, deployment)| {
            let settings = deployment.settings;
            let author = Author::Bot {
                id,
                name: settings.name.clone(),
            };
            Arc::new(LiveBot {
                settings,
                hours,
                author,
            })
        });
    state.bots.put(key, read_at, bot.clone());
    Ok(bot)
}

/// Returns the bot that answers a message of this author: that of the conversation, if it is in the bot's hands.
pub(crate) async fn find_answering_bot(
    state: &State,
    tenant: Tenant<'_>,
    head: &Head,
    author: &Author,
) -> Result<Option<Arc<LiveBot>>> {
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
