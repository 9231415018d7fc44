//! Sessions of visitors: who a visitor is, and the token that says so.

use confab_core::{Error, Kind, Result, after};
use confab_worker::{Consistency, SaveOutcome};
use desk_domain::{
    BotId, Contact, IdentificationOutcome, IdentityClaims, VerifiedIdentity, VisitorHead,
    VisitorId, identify_contact, resume_contact,
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::bot_cache::{Widget, find_widget};
use crate::{
    auth::{EmbedTicket, VISITOR_TTL, VisitorToken, take_visitor_tokens, verify_hs256},
    state::State,
    store::Tenant,
};

const MAX_CAS_ATTEMPTS: usize = 4;

#[derive(Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(optional_fields), ts(rename = "VisitorSessionRequest"), schema(as = VisitorSessionRequest))]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionRequest {
    embed_token: String,
    #[serde(default)]
    visitor_token: Option<String>,
    /// Signed by the site's server.
    #[serde(default)]
    identity_jwt: Option<String>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
pub(crate) struct VisitorSession {
    visitor_token: String,
    visitor: SessionVisitor,
    /// The latest conversation of the visitor.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    conversation: Option<VisitorHead>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
pub(crate) struct SessionVisitor {
    id: VisitorId,
    is_verified: bool,
}

/// Opens a session for a page whose site has proven itself. `source` is the network of the request.
pub(crate) async fn open_session(
    state: &State,
    request: &SessionRequest,
    source: &str,
) -> Result<VisitorSession> {
    let ticket: EmbedTicket = state.sealer()?.open(&request.embed_token).await?;
    let token = open_visitor_token(state, &ticket, request.visitor_token.as_deref()).await?;
    let widget = find_widget(state, &ticket.key, Consistency::Strong).await?;
    widget.settings().authorize_origin(Some(&ticket.origin))?;
    widget.tenant.check(true)?;
    let known = token.as_ref().map(|token| token.visitor.to_string());
    take_visitor_tokens(state, widget.tenant, known.as_deref(), source).await?;
    let is_verified = request.identity_jwt.is_some();
    let contact = match &request.identity_jwt {
        Some(jwt) => identified_contact(state, &widget, jwt).await?,
        None => {
            widget.settings().authorize_visitor(false)?;
            resumed_contact(state, &widget, token.as_ref()).await?
        }
    };
    let token = VisitorToken {
        tenant: widget.grant.id(),
        bot: widget.bot(),
        visitor: contact.id,
        is_verified,
    };
    let expires_at = after(state.clock.now(), VISITOR_TTL);
    Ok(VisitorSession {
        visitor_token: state.sealer()?.seal(&token, expires_at).await?,
        visitor: SessionVisitor {
            id: contact.id,
            is_verified,
        },
        conversation: latest_conversation(state, &widget, &contact, is_verified).await?,
    })
}

/// Opens the token of an earlier session. One that expired, was changed, or is of another tenant or bot is as none.
async fn open_visitor_token(
    state: &State,
    ticket: &EmbedTicket,
    token: Option<&str>,
) -> Result<Option<VisitorToken>> {
    let Some(token) = token else {
        return Ok(None);
    };
    match state.sealer()?.open::<VisitorToken>(token).await {
        Ok(token) => {
            let is_own = token.tenant == ticket.tenant && token.bot == ticket.bot;
            Ok(Some(token).filter(|_| is_own))
        }
        Err(error) if error.kind() == Kind::Unauthenticated => Ok(None),
        Err(error) => Err(error),
    }
}

/// Finds or creates the contact of an identity. Of two sessions that create it at once, one finds that of the other.
async fn identified_contact(state: &State, widget: &Widget, jwt: &str) -> Result<Contact> {
    let tenant = state.store()?.tenant(widget.grant);
    let identity = verify_identity(state, tenant, widget.bot(), jwt).await?;
    let (alias, now) = (identity.alias(widget.bot()), state.clock.now());
    for _ in 0..MAX_CAS_ATTEMPTS {
        let known_id = tenant.find_alias(&alias).await?;
        let known = match known_id {
            Some(id) => tenant.find_contact(id).await?,
            None => None,
        };
        let new_id = VisitorId::new(now, &state.entropy);
        let outcome = identify_contact(known.as_ref(), &identity, new_id, now);
        let saved = match (&outcome, &known) {
            (IdentificationOutcome::Known(contact), Some(before)) => {
                save_if_changed(tenant, before, contact).await?
            }
            _ => {
                let contact = outcome.contact();
                tenant
                    .create_verified_contact(contact, &alias, known_id)
                    .await?
            }
        };
        if saved == SaveOutcome::Saved {
            return Ok(outcome.contact().clone());
        }
    }
    Err(Error::unavailable(
        "contended",
        "the contact changed at each attempt",
    ))
}

/// Verifies an identity token with each secret that is valid now.
async fn verify_identity(
    state: &State,
    tenant: Tenant<'_>,
    bot: BotId,
    jwt: &str,
) -> Result<VerifiedIdentity> {
    let refused = || {
        let message = "The identity token is not signed with this chatbot's secret.";
        Error::new(Kind::Unauthenticated, "bad_identity", message)
    };
    let now = state.clock.now();
    let secrets = tenant.find_identity_secrets(bot).await?;
    let secrets = secrets.ok_or_else(refused)?;
    for generation in secrets.valid_generations(now) {
        let secrets = state
            .sealer()?
            .identity_secrets(tenant.id(), bot, generation)
            .await?;
        for secret in secrets {
            let secret = secret.expose_secret().as_bytes();
            match verify_hs256::<Value>(secret, jwt) {
                Ok(claims) => {
                    let claims = IdentityClaims::parse(claims.to_string().as_bytes())?;
                    return claims.verified(now);
                }
                Err(error) if error.kind() == Kind::Unauthenticated => {}
                Err(error) => return Err(error),
            }
        }
    }
    Err(refused())
}

/// Returns the contact of a session without an identity. The token of a verified visitor needs the identity again: the
/// site may have signed the person out.
async fn resumed_contact(
    state: &State,
    widget: &Widget,
    token: Option<&VisitorToken>,
) -> Result<Contact> {
    let (tenant, now) = (state.store()?.tenant(widget.grant), state.clock.now());
    let known = match token.filter(|token| !token.is_verified) {
        Some(token) => tenant.find_contact(token.visitor).await?,
        None => None,
    };
    let new_id = VisitorId::new(now, &state.entropy);
    let outcome = resume_contact(known.as_ref(), new_id, now);
    match (&outcome, &known) {
        (IdentificationOutcome::Known(contact), Some(before)) => {
            // Another change of the contact is more important than the time of a visit.
            save_if_changed(tenant, before, contact).await?;
        }
        _ => {
            if tenant.save_contact(outcome.contact(), 0).await? == SaveOutcome::Conflict {
                let id = new_id.to_string();
                return Err(Error::internal("visitor_id_taken", id));
            }
        }
    }
    Ok(outcome.contact().clone())
}

async fn save_if_changed(
    tenant: Tenant<'_>,
    before: &Contact,
    contact: &Contact,
) -> Result<SaveOutcome> {
    if contact == before {
        return Ok(SaveOutcome::Saved);
    }
    tenant.save_contact(contact, before.version).await
}

/// Returns the visitor's latest conversation with the bot.
async fn latest_conversation(
    state: &State,
    widget: &Widget,
    contact: &Contact,
    is_verified: bool,
) -> Result<Option<VisitorHead>> {
    let tenant = state.store()?.tenant(widget.grant);
    let Some(id) = tenant.latest_conversation(contact.id).await? else {
        return Ok(None);
    };
    let head = tenant.find_head(id, Consistency::Strong).await?;
    let head = head.filter(|head| {
        head.bot_id == Some(widget.bot())
            && contact.may_read_history_of(head.visitor.id, is_verified)
    });
    Ok(head.map(|head| VisitorHead::of(&head, state.clock.now())))
}
