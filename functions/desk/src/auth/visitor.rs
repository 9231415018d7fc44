//! Visitors of sites: an embed ticket proves the site, a visitor token the visitor.

use std::{sync::Arc, time::Duration};

use confab_core::{Error, Private, Result, Sealed, TenantId};
use confab_lambda::{ApiRequest, extract::FromRequest};
use desk_domain::{BotId, CountedBy, DeploymentKey, RateClass, VisitorId, source_of_ip};
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};

use super::{TenantGrant, TenantState};
use crate::state::State;

pub(crate) const EMBED_TTL: Duration = Duration::from_secs(60);
pub(crate) const VISITOR_TTL: Duration = Duration::from_secs(30 * 86_400);

/// Proves that the loader ran on an allowed site: the browser named the origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EmbedTicket {
    pub(crate) tenant: TenantId,
    pub(crate) bot: BotId,
    pub(crate) key: DeploymentKey,
    /// The origin of the site.
    pub(crate) origin: String,
}

impl Sealed for EmbedTicket {
    const PURPOSE: &'static str = "desk-embed";
}

/// Identifies a visitor of one bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct VisitorToken {
    pub(crate) tenant: TenantId,
    pub(crate) bot: BotId,
    pub(crate) visitor: VisitorId,
    /// Whether the site's server vouched for the identity when the token was made.
    pub(crate) is_verified: bool,
}

impl Sealed for VisitorToken {
    const PURPOSE: &'static str = "desk-visitor";
}

impl VisitorToken {
    pub(crate) fn grant(&self) -> TenantGrant {
        TenantGrant::verified(self.tenant)
    }
}

/// An authenticated visitor.
#[derive(Debug, Clone)]
pub(crate) struct VisitorAccess {
    pub(crate) token: VisitorToken,
    pub(crate) tenant: TenantState,
    /// The network that the request comes from.
    pub(crate) source: Private<String>,
}

impl VisitorAccess {
    pub(crate) fn grant(&self) -> TenantGrant {
        self.token.grant()
    }
}

impl FromRequest<State> for VisitorAccess {
    async fn from_request(request: &Arc<ApiRequest>, state: &Arc<State>) -> Result<Self> {
        let token = request
            .bearer()
            .ok_or_else(|| Error::unauthenticated("Open the chat first."))?;
        let token: VisitorToken = state.sealer()?.open(token).await?;
        let store = state.store()?;
        let tenant = state.tenants.state(store, token.grant()).await?;
        let is_write = !request.request.method().is_safe();
        tenant.check(is_write)?;
        let source = visitor_source(request);
        if is_write {
            let visitor = token.visitor.to_string();
            take_visitor_tokens(state, tenant, Some(&visitor), &source).await?;
        }
        Ok(Self {
            token,
            tenant,
            source: source.into(),
        })
    }
}

/// Returns the network that a visitor's request comes from.
pub(crate) fn visitor_source(request: &ApiRequest) -> String {
    let source = request.source_ip();
    source.parse().map_or(source, source_of_ip)
}

/// Takes the tokens of a visitor's write, at once: of the visitor, once there is one, and of the network.
pub(crate) async fn take_visitor_tokens(
    state: &State,
    tenant: TenantState,
    visitor: Option<&str>,
    source: &str,
) -> Result<()> {
    let store = state.store()?;
    let rates = RateClass::Visitor.rates(tenant.plan).into_iter();
    let takes = rates.filter_map(|rate| {
        let counted = match rate.by {
            CountedBy::Source => source,
            _ => visitor?,
        };
        let key = format!("visitor#{counted}");
        Some(async move { store.take_token(rate, &key).await })
    });
    try_join_all(takes).await.map(drop)
}
