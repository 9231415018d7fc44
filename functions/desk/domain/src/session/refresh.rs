//! Refreshing: which token a client gets for the one that it presents.
//!
//! Many tabs share one cookie and refresh at once, and answers are lost. So the direct predecessor of the current
//! token is accepted for `PREDECESSOR_GRACE`, and the current token is not rotated again within `ROTATION_INTERVAL`.
//! Then a request whose way there and an answer whose way back take less than ten seconds each never meets a token
//! that is two behind, in any order of arrival. Any other old token was stolen, or its thief used it first.

use std::time::Duration;

use confab_core::{Timestamp, after};

use super::{
    family::{SessionEndReason, SessionFamily},
    refresh_token::RefreshToken,
};

/// How long after a rotation the token before is answered with the same successor.
pub const PREDECESSOR_GRACE: Duration = Duration::from_secs(20);
/// Least time between two rotations. It is longer than the grace, so that an answer that was given in the grace
/// arrives before the next token exists, and no late cookie replaces a newer one.
pub const ROTATION_INTERVAL: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefreshOutcome {
    /// The token stays. Nothing is written and no cookie is set.
    Current,
    /// The successor that was given before: its answer was lost, or another tab was faster. Nothing is written.
    Same(RefreshToken),
    /// The family with its next token. The write has the condition that the version is the one that was read; a caller
    /// that loses it reads the family and refreshes again.
    Rotated(SessionFamily, RefreshToken),
    /// The family as it ends. Its person is told.
    Reused(SessionFamily),
    Expired,
    Ended(SessionEndReason),
    /// The token was not issued for this session. It changes nothing, because anyone can write one.
    Forged,
}

/// Decides about a presented token. `length` is the tenant's length of sessions.
pub fn refresh_session(
    family: &SessionFamily,
    presented: &RefreshToken,
    length: Duration,
    now: Timestamp,
) -> RefreshOutcome {
    if !presented.is_genuine(family.id, &family.secret) {
        return RefreshOutcome::Forged;
    }
    if let Some(end) = family.end {
        return RefreshOutcome::Ended(end.reason);
    }
    if now >= family.expires_at(length) {
        return RefreshOutcome::Expired;
    }
    // A clock that is behind the one of the rotation counts as the moment of the rotation.
    let is_within = |span| family.rotated_at.is_some_and(|at| now <= after(at, span));
    let is_predecessor = presented.number().checked_add(1) == Some(family.number);
    if presented.number() == family.number {
        if is_within(ROTATION_INTERVAL) {
            return RefreshOutcome::Current;
        }
        return rotate(family, now);
    }
    if is_predecessor && is_within(PREDECESSOR_GRACE) {
        return RefreshOutcome::Same(family.token());
    }
    RefreshOutcome::Reused(family.ended(SessionEndReason::Reused, now))
}

fn rotate(family: &SessionFamily, now: Timestamp) -> RefreshOutcome {
    let next = SessionFamily {
        number: family.number.saturating_add(1),
        rotated_at: Some(now),
        version: family.version + 1,
        ..family.clone()
    };
    let token = next.token();
    RefreshOutcome::Rotated(next, token)
}

#[cfg(test)]
mod tests;
