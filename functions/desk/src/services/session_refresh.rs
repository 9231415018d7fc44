//! Refreshing of sessions, and what follows when an old token comes back.

use std::time::Duration;

use confab_core::{CorrelationId, Error, Kind, Result, TenantId, UserId};
use confab_lambda::{ApiRequest, Response};
use confab_worker::SaveOutcome;
use desk_domain::{
    MAX_SESSION_AGE, Membership, Person, Plan, RateClass, RefreshOutcome, RefreshToken,
    SessionEndReason, SessionFamily, choose_workspace, refresh_session,
};

use super::{
    mails::{MailContent, MailJob},
    sessions::{MAX_CAS_ATTEMPTS, contended, find_issued},
    sign_in::{render_session, session_over},
    sign_outs::close_sockets,
};
use crate::{
    auth::TenantGrant,
    state::State,
    store::{AuditActor, AuditEntry},
};

/// Answers a refresh token with the next access token, in the named workspace or where the session is. Requests that
/// change the session at once read it and decide again.
pub(crate) async fn refresh(
    state: &State,
    request: &ApiRequest,
    token: &RefreshToken,
    named: Option<TenantId>,
) -> Result<Response> {
    let (store, source) = (state.store()?, request.source_ip().parse().ok());
    for attempt in 0..MAX_CAS_ATTEMPTS {
        let found = find_issued(state, token).await?;
        let (family, person) = found.ok_or_else(session_over)?;
        if attempt == 0 {
            take_member_tokens(state, person.id).await?;
        }
        let now = state.clock.now();
        let memberships = store.list_memberships(&person).await?;
        let length = length_for(&family, &memberships, named);
        let outcome = refresh_session(&family.as_of(&person, now), token, length, now);
        let (mut next, refresh_token) = match outcome {
            RefreshOutcome::Current => (family.clone(), None),
            RefreshOutcome::Same(token) => (family.clone(), Some(token)),
            RefreshOutcome::Rotated(next, token) => (next, Some(token)),
            refused => match refuse(state, request, &person, &family, refused).await? {
                Some(error) => return Err(error),
                None => continue,
            },
        };
        if let Some(place) = choose_workspace(&memberships, named, &next, source, now)? {
            next = next.switched_to(place.tenant.id);
        }
        let is_saved =
            next == family || store.save_family(&next, family.version).await? == SaveOutcome::Saved;
        if is_saved {
            let token = refresh_token.as_ref();
            return render_session(state, &person, &memberships, &next, token).await;
        }
    }
    Err(contended())
}

/// Returns the answer to a token that is not accepted, once its consequences are stored. `None` if another request
/// changed the session meanwhile.
async fn refuse(
    state: &State,
    request: &ApiRequest,
    person: &Person,
    family: &SessionFamily,
    outcome: RefreshOutcome,
) -> Result<Option<Error>> {
    let (over, reason) = match outcome {
        RefreshOutcome::Reused(over) => {
            let saved = end_reused(state, request, person, family, &over).await?;
            if saved == SaveOutcome::Conflict {
                return Ok(None);
            }
            (over, SessionEndReason::Reused)
        }
        RefreshOutcome::Ended(reason) => (family.clone(), reason),
        _ => return Ok(Some(session_over())),
    };
    finish_reuse(state, person, &over, request.correlation_id).await?;
    Ok(Some(ended(reason)))
}

/// Returns the length of the session: that of its workspace, unless another one is asked for. That one decides by
/// itself whether the sign-in is recent enough.
fn length_for(
    family: &SessionFamily,
    memberships: &[Membership],
    named: Option<TenantId>,
) -> Duration {
    let stays = named.is_none() || named == family.tenant;
    let mut places = memberships.iter();
    let place = places.find(|place| stays && Some(place.tenant.id) == family.tenant);
    place.map_or(MAX_SESSION_AGE, |place| {
        place.tenant.settings.security.session_length()
    })
}

fn ended(reason: SessionEndReason) -> Error {
    if reason == SessionEndReason::Reused {
        return Error::new(
            Kind::Unauthenticated,
            "session_reused",
            "Your session was ended, because an old copy of it was used. Sign in again.",
        );
    }
    session_over()
}

async fn take_member_tokens(state: &State, user: UserId) -> Result<()> {
    for rate in RateClass::Member.rates(Plan::Trial) {
        let key = format!("member#{user}");
        state.store()?.take_token(rate, &key).await?;
    }
    Ok(())
}

/// Ends a session whose old token came back, with an entry in the audit of its workspace.
async fn end_reused(
    state: &State,
    request: &ApiRequest,
    person: &Person,
    family: &SessionFamily,
    over: &SessionFamily,
) -> Result<SaveOutcome> {
    let store = state.store()?;
    let grant = family
        .tenant
        .and_then(|tenant| TenantGrant::of_membership(person, tenant));
    let audit = grant.map(|grant| {
        let actor = AuditActor::Person(person.id);
        let correlation_id = request.correlation_id;
        let entry = AuditEntry::of_actor(actor, "session.reused", family.id, correlation_id)
            .with_source(request.source_ip().parse().ok());
        store.tenant(grant).audit(&entry, state.clock.now())
    });
    store
        .end_family(over, family.version, audit.transpose()?)
        .await
}

/// Notifies a person whose session was ended because of a reused token. An attempt that breaks off is made up for by
/// the next request of one of the two who have a token.
async fn finish_reuse(
    state: &State,
    person: &Person,
    family: &SessionFamily,
    correlation_id: CorrelationId,
) -> Result<()> {
    if !family.needs_notice() {
        return Ok(());
    }
    close_sockets(state, person, correlation_id).await?;
    let content = MailContent::SessionReused {
        device: family.device.name.clone(),
    };
    let job = MailJob::to_person(person, content);
    state.mails()?.send(&job, correlation_id).await?;
    // Another request that notifies at the same time has sent a second mail.
    let notified = family.notified();
    state
        .store()?
        .save_family(&notified, family.version)
        .await?;
    Ok(())
}
