//! Bots as visitors meet them. A process reads the deployment of a key at most every 30 seconds, and its content once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use confab_core::{Error, Kind, Result, TenantId, Timestamp, after};
use confab_worker::Consistency;
use desk_domain::{
    BotId, BotSettings, Deployment, DeploymentKey, LiveDeployment, TenantAccess, WidgetConfig,
};

use crate::{
    auth::{TenantGrant, TenantPointer, TenantState},
    state::State,
    store::Tenant,
};

const MAX_AGE: Duration = Duration::from_secs(30);
const MAX_BOTS: usize = 1_000;
const MAX_KEYS: usize = 5_000;

/// A bot that is deployed.
#[derive(Debug, Clone)]
struct LiveBot {
    read_at: Timestamp,
    live: Arc<LiveDeployment>,
    deployment: Arc<Deployment>,
}

#[derive(Debug, Default)]
struct Known {
    /// A key never leads to another bot, so that these do not age. The deployment says whether it is still valid.
    keys: HashMap<DeploymentKey, (TenantPointer, BotId)>,
    bots: HashMap<(TenantId, BotId), LiveBot>,
}

/// Deployments that a process has read.
#[derive(Debug, Default)]
pub(crate) struct LiveBotCache(Mutex<Known>);

impl LiveBotCache {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find_key(&self, key: &DeploymentKey) -> Option<(TenantPointer, BotId)> {
        self.lock().keys.get(key).copied()
    }

    fn put_key(&self, key: &DeploymentKey, pointer: (TenantPointer, BotId)) {
        let mut known = self.lock();
        if known.keys.len() >= MAX_KEYS {
            known.keys.clear();
        }
        known.keys.insert(key.clone(), pointer);
    }

    fn find_bot(&self, bot: (TenantId, BotId)) -> Option<LiveBot> {
        self.lock().bots.get(&bot).cloned()
    }

    fn put_bot(&self, bot: (TenantId, BotId), live: Option<LiveBot>) {
        let mut known = self.lock();
        if known.bots.len() >= MAX_BOTS {
            known.bots.clear();
        }
        match live {
            Some(live) => drop(known.bots.insert(bot, live)),
            None => drop(known.bots.remove(&bot)),
        }
    }
}

/// The widget that a deployment key names.
#[derive(Debug)]
pub(crate) struct Widget {
    pub(crate) grant: TenantGrant,
    pub(crate) tenant: TenantState,
    deployment: Arc<Deployment>,
}

impl Widget {
    pub(crate) fn bot(&self) -> BotId {
        self.deployment.bot_id
    }

    pub(crate) fn settings(&self) -> &BotSettings {
        &self.deployment.settings
    }

    pub(crate) fn config(&self) -> WidgetConfig<'_> {
        let is_away = self.tenant.access == TenantAccess::ReadOnly;
        WidgetConfig::of(&self.deployment).with_away(is_away)
    }
}

fn unknown() -> Error {
    Error::not_found("widget")
}

/// Finds the widget of a key. One that is unknown, retired, deleted or suspended does not exist for visitors. With
/// `Consistency::Eventual` the deployment may be half a minute old.
pub(crate) async fn find_widget(
    state: &State,
    key: &DeploymentKey,
    read: Consistency,
) -> Result<Widget> {
    let store = state.store()?;
    let (pointer, bot) = match state.live_bots.find_key(key) {
        Some(known) => known,
        None => {
            let found = store.find_deployment_key(key).await?.ok_or_else(unknown)?;
            state.live_bots.put_key(key, found);
            found
        }
    };
    let grant = TenantGrant::of_deployment(key, pointer);
    let bot = find_live_bot(state, store.tenant(grant), bot, read).await?;
    let bot = bot.filter(|bot| bot.live.accepts(key, state.clock.now()));
    let bot = bot.ok_or_else(unknown)?;
    let tenant = state.tenants.state(store, grant).await;
    let tenant = tenant.map_err(|error| match error.kind() {
        Kind::NotFound => unknown(),
        _ => error,
    })?;
    if tenant.access == TenantAccess::Closed {
        return Err(unknown());
    }
    Ok(Widget {
        grant,
        tenant,
        deployment: bot.deployment,
    })
}

async fn find_live_bot(
    state: &State,
    tenant: Tenant<'_>,
    bot: BotId,
    read: Consistency,
) -> Result<Option<LiveBot>> {
    let (id, read_at) = ((tenant.id(), bot), state.clock.now());
    let known = state.live_bots.find_bot(id);
    if let Some(known) = &known
        && read == Consistency::Eventual
        && read_at < after(known.read_at, MAX_AGE)
    {
        return Ok(Some(known.clone()));
    }
    let live = tenant.find_live_row(bot).await?;
    let Some(live) = live.filter(|live| live.key.is_some()) else {
        state.live_bots.put_bot(id, None);
        return Ok(None);
    };
    // A deployment never changes.
    let known = known.map(|known| known.deployment);
    let deployment = match known.filter(|known| known.number == live.number) {
        Some(known) => known,
        None => Arc::new(tenant.require_deployment(bot, live.number).await?),
    };
    let bot = LiveBot {
        read_at,
        live: Arc::new(live),
        deployment,
    };
    state.live_bots.put_bot(id, Some(bot.clone()));
    Ok(Some(bot))
}
