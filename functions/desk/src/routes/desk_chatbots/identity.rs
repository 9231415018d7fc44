//! The secret with which a site's server vouches for its visitors.

use std::sync::Arc;

use confab_core::{CorrelationId, Result, Timestamp};
use confab_lambda::{Response, extract::Path, response};
use confab_worker::SaveOutcome;
use desk_domain::{Action, IdentitySecrets};
use http::{HeaderValue, StatusCode, header};
use secrecy::ExposeSecret;
use serde::Serialize;

use super::{MAX_CAS_ATTEMPTS, contended};
use crate::{
    auth::Access, extract::BotParam, services::memberships::confirm_role, state::State,
    store::AuditEntry,
};

#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(rename = "IdentitySecret"), schema(as = IdentitySecret))]
pub(crate) struct SecretView<'a> {
    /// The key of HS256, as it is written here.
    secret: &'a str,
    generation: u32,
    /// Until then the server may sign with the secret before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    previous_valid_until: Option<Timestamp>,
}

/// Makes a new secret for a member whose role allows it now, and shows it once. No answer is kept for an `Idempotency-Key`: it would store the secret.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/chatbots/{id}/identity-secret",
    operation_id = "rotate_identity_secret",
    tag = "Chatbots",
    params(("id" = desk_domain::BotId, Path)),
    responses(
        (status = 201, description = "The new secret. It is shown once.", body = SecretView),
        WriteRefusals,
        Conflict,
    ),
    security(("access_token" = []))
))]
pub(crate) async fn rotate_secret(
    state: Arc<State>,
    access: Access,
    Path(BotParam(id)): Path<BotParam>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    access.member()?;
    let access = confirm_role(&state, access, Action::WriteBots).await?;
    let tenant = state.store()?.tenant(access.grant);
    for _ in 0..MAX_CAS_ATTEMPTS {
        let now = state.clock.now();
        let bot = tenant.require_bot(id).await?;
        let before = tenant.find_identity_secrets(id).await?;
        let secrets = IdentitySecrets::rotate(before.as_ref(), now)?;
        let entry = AuditEntry::new(&access, "chatbot.secret_rotated", id, correlation_id)
            .with_change(before.as_ref(), Some(&secrets))?;
        let saved = tenant.save_identity_secrets(&bot, &secrets, &entry, now);
        if saved.await? == SaveOutcome::Saved {
            let sealer = state.sealer()?;
            let generation = secrets.generation;
            let secret = sealer.identity_secret(tenant.id(), id, generation).await?;
            return render(&SecretView {
                secret: secret.expose_secret(),
                generation,
                previous_valid_until: secrets.previous_valid_until(),
            });
        }
    }
    Err(contended())
}

fn render(view: &SecretView<'_>) -> Result<Response> {
    let mut response = response::json(StatusCode::CREATED, view)?;
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, no_store);
    Ok(response)
}

#[cfg(test)]
use crate::contract::{Conflict, WriteRefusals};
