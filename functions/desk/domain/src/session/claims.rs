//! The claims of access tokens. Signing and verifying the signature is the caller's.

use std::time::Duration;

use confab_core::{Error, TenantId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use super::family::SessionFamily;
use crate::{Role, Scopes, SessionId};

/// Life of an access token. A session that ended is refused everywhere after it.
pub const ACCESS_TTL: Duration = Duration::from_secs(600);
/// How far the clocks of two functions may differ.
pub const ACCESS_CLOCK_SKEW: Duration = Duration::from_secs(30);

/// Who issues tokens, and for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Issuer<'a> {
    pub iss: &'a str,
    pub aud: &'a str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    pub iss: String,
    pub aud: String,
    pub sub: UserId,
    /// The tenant and the role in it, both or neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tid: Option<TenantId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    pub sid: SessionId,
    /// Scopes narrow what the role allows; none is no narrowing.
    #[serde(default)]
    pub scp: Scopes,
    pub iat: i64,
    pub exp: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccessClaimError {
    #[error("another issuer")]
    WrongIssuer,
    #[error("another audience")]
    WrongAudience,
    #[error("expired")]
    Expired,
    #[error("issued in the future")]
    NotYetValid,
    #[error("a life that we never issue")]
    WrongLife,
    #[error("a tenant without a role, or the other way round")]
    Inconsistent,
}

impl From<AccessClaimError> for Error {
    fn from(error: AccessClaimError) -> Self {
        Self::unauthenticated("Your session has expired. Sign in again.").with_source(error)
    }
}

impl AccessClaims {
    /// Makes the claims of a session's next access token. `role` is that in the session's tenant.
    pub fn new(
        issuer: Issuer<'_>,
        family: &SessionFamily,
        role: Option<Role>,
        now: Timestamp,
    ) -> Self {
        let iat = now.as_second();
        let place = family.tenant.zip(role);
        Self {
            iss: issuer.iss.to_owned(),
            aud: issuer.aud.to_owned(),
            sub: family.user,
            tid: place.map(|(tenant, _)| tenant),
            role: place.map(|(_, role)| role),
            sid: family.id,
            scp: Scopes::default(),
            iat,
            exp: iat + seconds(ACCESS_TTL),
        }
    }

    /// Checks claims whose signature was verified.
    pub fn check(&self, issuer: Issuer<'_>, now: Timestamp) -> Result<(), AccessClaimError> {
        let (now, skew) = (now.as_second(), seconds(ACCESS_CLOCK_SKEW));
        if self.iss != issuer.iss {
            return Err(AccessClaimError::WrongIssuer);
        }
        if self.aud != issuer.aud {
            return Err(AccessClaimError::WrongAudience);
        }
        let life = self.exp.checked_sub(self.iat);
        if !life.is_some_and(|life| (1..=seconds(ACCESS_TTL)).contains(&life)) {
            return Err(AccessClaimError::WrongLife);
        }
        if now >= self.exp.saturating_add(skew) {
            return Err(AccessClaimError::Expired);
        }
        if self.iat > now.saturating_add(skew) {
            return Err(AccessClaimError::NotYetValid);
        }
        if self.tid.is_some() != self.role.is_some() {
            return Err(AccessClaimError::Inconsistent);
        }
        Ok(())
    }
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Device, Secret, SessionClient};

    const ISSUER: Issuer<'_> = Issuer {
        iss: "https://desk.example",
        aud: "desk",
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_796_000_000 + second).unwrap()
    }

    fn family() -> SessionFamily {
        let id = SessionId::new(at(0), &|| [1; 10]);
        let user = UserId::new(at(0), &|| [2; 10]);
        let device = Device::new(SessionClient::Browser, "Firefox", None);
        SessionFamily::new(id, user, Secret::new(&|| [3; 10]), device, at(0))
            .switched_to(TenantId::new(at(0), &|| [4; 10]))
    }

    fn claims() -> AccessClaims {
        AccessClaims::new(ISSUER, &family(), Some(Role::Agent), at(0))
    }

    #[test]
    fn token_is_valid_for_ten_minutes_and_the_skew_of_clocks() {
        for (second, expected) in [
            (-31, Err(AccessClaimError::NotYetValid)),
            (-30, Ok(())),
            (0, Ok(())),
            (629, Ok(())),
            (630, Err(AccessClaimError::Expired)),
        ] {
            assert_eq!(claims().check(ISSUER, at(second)), expected, "{second}");
        }
    }

    #[test]
    fn claims_of_others_are_refused() {
        let check = |change: fn(&mut AccessClaims)| {
            let mut claims = claims();
            change(&mut claims);
            claims.check(ISSUER, at(1))
        };
        assert_eq!(
            check(|c| c.iss.push('/')),
            Err(AccessClaimError::WrongIssuer)
        );
        assert_eq!(
            check(|c| c.aud = "rooms".into()),
            Err(AccessClaimError::WrongAudience)
        );
        assert_eq!(check(|c| c.exp += 1), Err(AccessClaimError::WrongLife));
        assert_eq!(check(|c| c.exp = c.iat), Err(AccessClaimError::WrongLife));
        assert_eq!(
            check(|c| c.role = None),
            Err(AccessClaimError::Inconsistent)
        );
        assert_eq!(check(|c| c.tid = None), Err(AccessClaimError::Inconsistent));
        assert_eq!(
            Error::from(AccessClaimError::Expired).code(),
            "unauthenticated"
        );
    }

    #[test]
    fn person_without_a_tenant_gets_a_token_without_a_role() {
        let alone = SessionFamily {
            tenant: None,
            ..family()
        };
        let claims = AccessClaims::new(ISSUER, &alone, Some(Role::Owner), at(0));
        assert_eq!((claims.tid, claims.role), (None, None));
        assert_eq!(claims.check(ISSUER, at(1)), Ok(()));
    }

    #[test]
    fn claims_have_the_names_of_the_token() {
        let json = serde_json::to_value(claims()).unwrap();
        let names: Vec<_> = json
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let mut expected = [
            "iss", "aud", "sub", "tid", "role", "sid", "scp", "iat", "exp",
        ];
        expected.sort_unstable();
        let mut names = names;
        names.sort_unstable();
        assert_eq!(names, expected);
        assert_eq!(
            serde_json::from_value::<AccessClaims>(json).unwrap(),
            claims()
        );
    }

    proptest! {
        #[test]
        fn no_numbers_break_the_check(iat: i64, exp: i64, now in 0_i64..4_000_000_000) {
            let claims = AccessClaims { iat, exp, ..claims() };
            let now = Timestamp::from_second(now).unwrap();
            if claims.check(ISSUER, now).is_ok() {
                prop_assert!(exp - iat <= 600 && now.as_second() < exp + 30);
            }
        }
    }
}
