//! Bots as visitors meet them. A process reads the deployment of a bot at most every 30 seconds, and its content once.

use std::{sync::Arc, time::Duration};

use confab_core::{Error, Kind, Result, TenantId};
use confab_worker::Consistency;
use desk_domain::{
    BotId, BotSettings, Deployment, DeploymentKey, LiveDeployment, TenantAccess, WidgetConfig,
};

use crate::{
    age_bounded_cache::{AgeBoundedCache, MAX_SETTINGS_AGE},
    auth::{TenantGrant, TenantPointer, TenantState},
    state::State,
    store::Tenant,
};

const MAX_BOTS: usize = 1_000;
const MAX_KEYS: usize = 5_000;
/// A key never leads to another bot, and the deployment says whether it is still valid.
const MAX_KEY_AGE: Duration = Duration::from_secs(3_600);

/// A bot that is deployed.
#[derive(Debug, Clone)]
pub(super) struct LiveBot {
    live: Arc<LiveDeployment>,
    pub(super) deployment: Arc<Deployment>,
}

/// Deployments that a process has read.
#[derive(Debug)]
pub(crate) struct LiveBotCache {
    keys: AgeBoundedCache<DeploymentKey, (TenantPointer, BotId)>,
    bots: AgeBoundedCache<(TenantId, BotId), LiveBot>,
}

impl Default for LiveBotCache {
    fn default() -> Self {
        Self {
            keys: AgeBoundedCache::new(MAX_KEY_AGE, MAX_KEYS),
            bots: AgeBoundedCache::new(MAX_SETTINGS_AGE, MAX_BOTS),
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
    let (store, now) = (state.store()?, state.clock.now());
    let (pointer, bot) = match state.live_bots.keys.get(key, now) {
        Some(known) => known,
        None => {
            let found = store.find_deployment_key(key).await?.ok_or_else(unknown)?;
            state.live_bots.keys.put(key.clone(), now, found);
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

/// Finds a bot that is deployed. With `Consistency::Eventual` the deployment may be half a minute old.
pub(super) async fn find_live_bot(
    state: &State,
    tenant: Tenant<'_>,
    bot: BotId,
    read: Consistency,
) -> Result<Option<LiveBot>> {
    let (id, read_at) = ((tenant.id(), bot), state.clock.now());
    let bots = &state.live_bots.bots;
    if read == Consistency::Eventual
        && let Some(known) = bots.get(&id, read_at)
    {
        return Ok(Some(known));
    }
    let live = tenant.find_live_row(bot).await?;
    let Some(live) = live.filter(|live| live.key.is_some()) else {
        bots.remove(&id);
        return Ok(None);
    };
    // A deployment never changes.
    let known = bots.get_old(&id).map(|known| known.deployment);
    let deployment = match known.filter(|known| known.number == live.number) {
        Some(known) => known,
        None => Arc::new(tenant.require_deployment(bot, live.number).await?),
    };
    let bot = LiveBot {
        live: Arc::new(live),
        deployment,
    };
    bots.put(id, read_at, bot.clone());
    Ok(Some(bot))
}
