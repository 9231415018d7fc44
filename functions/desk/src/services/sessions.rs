//! Sessions, and whether they live.

use confab_core::{Error, Result, UserId};
use desk_domain::{MAX_SESSION_AGE, Person, RefreshToken, SessionFamily, SessionId};

use super::sign_in::session_over;
use crate::state::State;

/// Attempts to save what other requests change at the same time.
pub(crate) const MAX_CAS_ATTEMPTS: usize = 8;

pub(crate) fn contended() -> Error {
    Error::unavailable(
        "contended",
        "other requests changed the row at each attempt",
    )
}

/// Returns a session that has not ended, with its person. For what may not be done with the last minutes of an access
/// token whose session was ended.
pub(crate) async fn require_live(
    state: &State,
    user: UserId,
    session: SessionId,
) -> Result<(SessionFamily, Person)> {
    let now = state.clock.now();
    let found = find_session(state, user, session).await?;
    let (family, person) = found.ok_or_else(session_over)?;
    if family.as_of(&person, now).is_live(MAX_SESSION_AGE, now) {
        Ok((family, person))
    } else {
        Err(session_over())
    }
}

/// Returns a session of a person, whether it lives or not.
pub(crate) async fn find_session(
    state: &State,
    user: UserId,
    session: SessionId,
) -> Result<Option<(SessionFamily, Person)>> {
    let store = state.store()?;
    let (family, person) = tokio::try_join!(store.find_family(session), store.find_person(user))?;
    Ok(family.filter(|family| family.user == user).zip(person))
}

/// Returns the session of a genuine refresh token with its person, whether it lives or not.
pub(crate) async fn find_issued(
    state: &State,
    token: &RefreshToken,
) -> Result<Option<(SessionFamily, Person)>> {
    let store = state.store()?;
    let family = store.find_family(token.session()).await?;
    let Some(family) = family.filter(|family| family.has_issued(token)) else {
        return Ok(None);
    };
    let person = store.find_person(family.user).await?;
    Ok(person.map(|person| (family, person)))
}
