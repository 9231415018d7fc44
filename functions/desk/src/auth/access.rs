//! Access of members, API keys and operators of the platform to a tenant.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use confab_core::{Error, Kind, Result, TenantId, UserId, clip};
use confab_lambda::{ApiRequest, extract::FromRequest};
use desk_domain::{
    Action, ApiKey, ApiKeyRecord, BotId, PlatformRole, Principal, RateClass, Role, SessionId, may,
};
use subtle::ConstantTimeEq;

use super::{TenantGrant, TenantState};
use crate::{
    state::State,
    store::{AuditActor, Authority, OperatorVisit},
};

const TENANT_HEADER: &str = "x-tenant-id";
/// Characters of a method and path in the audit.
const MAX_ROUTE_CHARS: usize = 200;

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) enum Caller {
    Member {
        user: UserId,
        role: Role,
        session: SessionId,
    },
    Key(Box<ApiKeyRecord>),
    /// An operator of the platform, in a tenant of others.
    Platform {
        user: UserId,
    },
}

/// An authenticated caller within one tenant. A route asks it for each action.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    pub(crate) grant: TenantGrant,
    pub(crate) caller: Caller,
    pub(crate) tenant: TenantState,
    /// The address that the request comes from.
    pub(crate) source: Option<IpAddr>,
    is_write: bool,
    /// Whether a member's role is the stored one. That of an access token may be ten minutes old.
    is_role_stored: bool,
}

impl Access {
    /// The access of a member over a socket, whose ticket was verified.
    pub(crate) fn over_socket(
        grant: TenantGrant,
        member: Caller,
        tenant: TenantState,
        is_write: bool,
    ) -> Self {
        Self {
            grant,
            caller: member,
            tenant,
            source: None,
            is_write,
            is_role_stored: false,
        }
    }

    /// Returns the access with the role that a member has now.
    #[must_use]
    pub(crate) fn with_stored_role(mut self, stored: Role) -> Self {
        if let Caller::Member { role, .. } = &mut self.caller {
            *role = stored;
            self.is_role_stored = true;
        }
        self
    }

    /// Returns the member and the stored role on which a change depends. `None` before the role was read, and for keys
    /// and operators, whose rows are read with each request.
    pub(crate) fn authority(&self) -> Option<Authority> {
        match self.caller {
            Caller::Member { user, role, .. } if self.is_role_stored => {
                Some(Authority { user, role })
            }
            _ => None,
        }
    }

    fn principal(&self) -> Principal<'_> {
        match &self.caller {
            Caller::Member { role, .. } => Principal::Member(*role),
            Caller::Key(key) => Principal::Key(&key.scopes),
            Caller::Platform { .. } => Principal::Platform(PlatformRole::Admin),
        }
    }

    pub(crate) fn may(&self, action: Action) -> bool {
        may(self.principal(), action)
    }

    /// Refuses an action that the caller may not do, or that the tenant's status does not allow.
    pub(crate) fn require(&self, action: Action) -> Result<()> {
        if !self.may(action) {
            return Err(Error::forbidden("You may not do this."));
        }
        // Owners of an unpaid workspace pay or delete it, admins delete a leaked key, and operators lift what they have
        // set.
        let is_always_open = matches!(
            action,
            Action::DeleteTenant
                | Action::DeleteKeys
                | Action::WriteBilling
                | Action::SuspendTenant
        );
        let is_open = is_always_open || matches!(self.caller, Caller::Platform { .. });
        if is_open {
            Ok(())
        } else {
            self.tenant.check(self.is_write)
        }
    }

    /// Refuses a key that does not reach a bot. The answer is that of a bot that does not exist.
    pub(crate) fn require_bot(&self, bot: BotId) -> Result<()> {
        match &self.caller {
            Caller::Key(key) if !key.reaches(bot) => Err(Error::not_found("chatbot")),
            _ => Ok(()),
        }
    }

    /// Returns the bots that the caller's lists are limited to; `None` is all.
    pub(crate) fn bots(&self) -> Option<&BTreeSet<BotId>> {
        match &self.caller {
            Caller::Key(key) => key.bots(),
            _ => None,
        }
    }

    /// Returns the person who answers for the request: the one who asks, or who has made the key.
    pub(crate) fn responsible_user(&self) -> UserId {
        match &self.caller {
            Caller::Member { user, .. } | Caller::Platform { user } => *user,
            Caller::Key(key) => key.created_by,
        }
    }

    /// Returns the person who asks. `None` is an API key.
    pub(crate) fn user(&self) -> Option<UserId> {
        match self.caller {
            Caller::Member { user, .. } | Caller::Platform { user } => Some(user),
            Caller::Key(_) => None,
        }
    }

    /// Returns the member who asks, for what keys and operators cannot do.
    pub(crate) fn member(&self) -> Result<(UserId, Role)> {
        match self.caller {
            Caller::Member { user, role, .. } => Ok((user, role)),
            _ => Err(Error::forbidden("Only members can do this.")),
        }
    }

    /// Returns the text under which the caller's requests are counted.
    fn rate_key(&self) -> String {
        match &self.caller {
            Caller::Member { user, .. } | Caller::Platform { user } => format!("member#{user}"),
            Caller::Key(key) => format!("member#{}", key.id),
        }
    }
}

impl FromRequest<State> for Access {
    async fn from_request(request: &Arc<ApiRequest>, state: &Arc<State>) -> Result<Self> {
        let token = request
            .bearer()
            .ok_or_else(|| Error::unauthenticated("Sign in first."))?;
        let named = named_tenant(request)?;
        let (tenant, caller) = if token.starts_with("desk_sk_") {
            authenticate_key(state, request, token).await?
        } else {
            authenticate_session(state, token, named).await?
        };
        if named.is_some_and(|named| named != tenant) {
            return Err(tenant_mismatch());
        }
        let grant = TenantGrant::verified(tenant);
        let store = state.store()?;
        let access = Self {
            grant,
            caller,
            tenant: state.tenants.state(store, grant).await?,
            source: request.source_ip().parse().ok(),
            is_write: !request.request.method().is_safe(),
            is_role_stored: false,
        };
        for rate in RateClass::Member.rates(access.tenant.plan) {
            store.take_token(rate, &access.rate_key()).await?;
        }
        if matches!(access.caller, Caller::Platform { .. }) {
            let route = format!("{} {}", request.request.method(), request.path());
            let visit = OperatorVisit {
                actor: &AuditActor::of(&access.caller),
                route: &clip(&route, MAX_ROUTE_CHARS),
                source: access.source,
                correlation_id: request.correlation_id,
            };
            let tenant = store.tenant(grant);
            tenant.record_visit(&visit, state.clock.now()).await?;
        }
        Ok(access)
    }
}

pub(super) fn tenant_mismatch() -> Error {
    Error::new(
        Kind::Forbidden,
        "tenant_mismatch",
        "X-Tenant-ID is not the workspace of your token.",
    )
}

pub(super) fn named_tenant(request: &ApiRequest) -> Result<Option<TenantId>> {
    let named = request.header(TENANT_HEADER).map(str::parse);
    named.transpose().map_err(|_| tenant_mismatch())
}

/// A member acts in the tenant of the token. An operator of the platform names another one.
async fn authenticate_session(
    state: &State,
    token: &str,
    named: Option<TenantId>,
) -> Result<(TenantId, Caller)> {
    let claims = state.token_keys()?.verify(token).await?;
    let own = claims.tid.zip(claims.role);
    if let Some((tenant, role)) = own
        && named.is_none_or(|named| named == tenant)
    {
        let caller = Caller::Member {
            user: claims.sub,
            role,
            session: claims.sid,
        };
        return Ok((tenant, caller));
    }
    let person = state.store()?.find_person(claims.sub).await?;
    let is_operator = person.is_some_and(|person| person.platform_role.is_some());
    match named.filter(|_| is_operator) {
        Some(tenant) => Ok((tenant, Caller::Platform { user: claims.sub })),
        None if own.is_some() => Err(tenant_mismatch()),
        None => Err(Error::forbidden("You are not a member of a workspace yet.")),
    }
}

async fn authenticate_key(
    state: &State,
    request: &ApiRequest,
    token: &str,
) -> Result<(TenantId, Caller)> {
    let key: ApiKey = token.parse()?;
    let unknown = || Error::unauthenticated("This API key is not valid.");
    let store = state.store()?;
    let pointer = store.find_api_key(key.id()).await?.ok_or_else(unknown)?;
    // Only the key itself proves the tenant: its hash is compared below.
    let grant = TenantGrant::verified(pointer.tenant);
    let record = store.tenant(grant).find_api_key(key.id()).await?;
    let record = record.ok_or_else(unknown)?;
    let is_genuine = record
        .hash
        .as_str()
        .as_bytes()
        .ct_eq(key.hash().as_str().as_bytes());
    if !bool::from(is_genuine) {
        return Err(unknown());
    }
    let (source, now) = (request.source_ip().parse().ok(), state.clock.now());
    record.check(source, now)?;
    if let Some(used) = record.record_use(source, now) {
        store.tenant(grant).record_key_use(&used).await?;
    }
    Ok((pointer.tenant, Caller::Key(Box::new(record))))
}
