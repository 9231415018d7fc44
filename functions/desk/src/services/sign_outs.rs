//! Ends of sessions that people ask for, and the sockets that close with them.

use confab_core::{CorrelationId, Error, Result, UserId};
use confab_worker::SaveOutcome;
use desk_domain::{
    MAX_SESSION_AGE, Person, RefreshToken, SessionEndReason, SessionFamily, SessionId,
};

use super::{
    live_updates::LiveUpdate,
    sessions::{MAX_CAS_ATTEMPTS, contended, find_issued, find_session},
};
use crate::{
    live_channels::{LiveChannel, Party, SocketEnd},
    state::State,
};

/// Which session a request ends.
#[derive(Debug)]
pub(crate) enum SessionProof {
    Refresh(RefreshToken),
    /// A valid access token.
    Access {
        user: UserId,
        session: SessionId,
    },
}

/// Ends a session, or all of its person. Without a genuine proof there is nothing to end. A repeated request closes the
/// sockets again, because the first one may have broken off.
pub(crate) async fn log_out(
    state: &State,
    proof: &SessionProof,
    all: bool,
    correlation_id: CorrelationId,
) -> Result<()> {
    for _ in 0..MAX_CAS_ATTEMPTS {
        let Some((family, person)) = find_proven(state, proof).await? else {
            return Ok(());
        };
        let (store, now) = (state.store()?, state.clock.now());
        let is_live = family.as_of(&person, now).is_live(MAX_SESSION_AGE, now);
        let saved = if !is_live {
            SaveOutcome::Saved
        } else if all {
            let next = person.clone().end_all_sessions();
            store.save_person(&next, person.version).await?
        } else {
            let over = family.ended(SessionEndReason::Logout, now);
            store.end_family(&over, family.version, None).await?
        };
        if saved == SaveOutcome::Saved {
            return close_sockets(state, &person, correlation_id).await;
        }
    }
    Err(contended())
}

async fn find_proven(
    state: &State,
    proof: &SessionProof,
) -> Result<Option<(SessionFamily, Person)>> {
    match proof {
        SessionProof::Refresh(token) => find_issued(state, token).await,
        SessionProof::Access { user, session } => find_session(state, *user, *session).await,
    }
}

/// Ends a session from the list of devices. One that is over stays so.
pub(crate) async fn end_device(
    state: &State,
    user: UserId,
    session: SessionId,
    correlation_id: CorrelationId,
) -> Result<()> {
    let (store, now) = (state.store()?, state.clock.now());
    for _ in 0..MAX_CAS_ATTEMPTS {
        let found = find_session(state, user, session).await?;
        let (family, person) = found.ok_or_else(|| Error::not_found("session"))?;
        let over = family.ended(SessionEndReason::Device, now);
        let is_saved = over == family
            || store.end_family(&over, family.version, None).await? == SaveOutcome::Saved;
        if is_saved {
            return close_sockets(state, &person, correlation_id).await;
        }
    }
    Err(contended())
}

/// Closes the sockets of a person in all workspaces. Those of sessions that go on open again.
pub(crate) async fn close_sockets(
    state: &State,
    person: &Person,
    correlation_id: CorrelationId,
) -> Result<()> {
    let (broadcasts, at) = (state.broadcasts()?, state.clock.now());
    for tenant in person.tenants.iter().copied() {
        let removed = LiveUpdate::Removed {
            party: Some(Party::Agent(person.id)),
            reason: SocketEnd::SignedOut,
            at,
        };
        let channel = LiveChannel::Inbox { tenant };
        let key = format!("signed-out#{channel}#{}#{correlation_id}", person.id);
        broadcasts
            .publish(channel, &key, at, removed, correlation_id)
            .await?;
    }
    Ok(())
}
