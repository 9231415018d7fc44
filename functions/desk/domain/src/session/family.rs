//! The row of a session: all refresh tokens that descend from one sign-in.

use core::net::IpAddr;
use std::{cmp::Reverse, time::Duration};

use confab_core::{TenantId, Timestamp, UserId, after, clip};
use serde::{Deserialize, Serialize};

use super::refresh_token::RefreshToken;
use crate::{LoginMethod, Person, Secret, SessionId, text::clean_line};

/// Longest time from the sign-in to the next one. A tenant may shorten it.
pub const MAX_SESSION_AGE: Duration = Duration::from_secs(30 * 86_400);
/// Longest time without a refresh.
pub const MAX_SESSION_IDLE: Duration = Duration::from_secs(14 * 86_400);
const MAX_DEVICE_CHARS: usize = 120;

/// How the client keeps its refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SessionClient {
    /// In a cookie that scripts cannot read.
    Browser,
    /// In the body of answers.
    Mobile,
}

/// Where a session was begun, for the list of devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct Device {
    pub client: SessionClient,
    /// The name that the client gives itself, such as its user agent.
    pub name: String,
    #[cfg_attr(feature = "contract", schema(value_type = Option<String>))]
    pub ip: Option<IpAddr>,
}

impl Device {
    pub fn new(client: SessionClient, name: &str, ip: Option<IpAddr>) -> Self {
        let start: String = name.chars().take(500).collect();
        let name = clip(&clean_line(&start), MAX_DEVICE_CHARS);
        Self { client, name, ip }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionEndReason {
    Logout,
    /// Ended from the list of devices.
    Device,
    /// An older refresh token came back: it was stolen, or its thief used it first.
    Reused,
    /// All sessions of the person were ended, by themselves or with a new password.
    AllEnded,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionEnd {
    pub reason: SessionEndReason,
    pub at: Timestamp,
    /// Whether the person was notified. Only a reused token needs it.
    #[serde(default)]
    pub is_notified: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionFamily {
    pub id: SessionId,
    pub user: UserId,
    /// The tenant that the next access token is for. `None` before the person is a member of any.
    pub tenant: Option<TenantId>,
    pub secret: Secret,
    /// The number of the current refresh token.
    pub number: u64,
    /// The person's `session_epoch` at the sign-in. The session is over when the person is in another epoch.
    pub epoch: u32,
    pub device: Device,
    /// How the person signed in.
    #[serde(default = "password")]
    pub method: LoginMethod,
    pub has_mfa: bool,
    /// The time of the sign-in.
    pub created_at: Timestamp,
    pub rotated_at: Option<Timestamp>,
    pub end: Option<SessionEnd>,
    /// Grows with each change. A write has the condition that it is the version that was read.
    pub version: u64,
}

/// The method of sessions that were stored without one.
fn password() -> LoginMethod {
    LoginMethod::Password
}

impl SessionFamily {
    /// Makes a session of a person who has signed in with a password.
    pub fn new(
        id: SessionId,
        user: UserId,
        secret: Secret,
        device: Device,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            user,
            tenant: None,
            secret,
            number: 0,
            epoch: 0,
            device,
            method: LoginMethod::Password,
            has_mfa: false,
            created_at: now,
            rotated_at: None,
            end: None,
            version: 1,
        }
    }

    /// Puts the session into its person's epoch: a new one, or the one that remains after a new password.
    #[must_use]
    pub fn in_epoch(&self, epoch: u32) -> Self {
        let mut family = self.clone();
        if family.epoch != epoch {
            family.epoch = epoch;
            family.version += 1;
        }
        family
    }

    /// Returns the session as it is for its person: over, if it began before all sessions of the person were ended.
    #[must_use]
    pub fn as_of(&self, person: &Person, now: Timestamp) -> Self {
        if self.user == person.id && self.epoch == person.session_epoch {
            return self.clone();
        }
        self.ended(SessionEndReason::AllEnded, now)
    }

    /// Returns whether a refresh token was issued for this session, at any time.
    pub fn has_issued(&self, token: &RefreshToken) -> bool {
        token.is_genuine(self.id, &self.secret)
    }

    /// Returns the current refresh token.
    pub fn token(&self) -> RefreshToken {
        RefreshToken::issue(self.id, &self.secret, self.number)
    }

    /// Returns the time of the latest use, exact to `ROTATION_INTERVAL`.
    pub fn used_at(&self) -> Timestamp {
        self.rotated_at.unwrap_or(self.created_at)
    }

    /// Returns when the session ends by itself. `length` is that of the tenant: `Security::session_length`.
    pub fn expires_at(&self, length: Duration) -> Timestamp {
        let by_age = after(self.created_at, length.min(MAX_SESSION_AGE));
        by_age.min(after(self.used_at(), MAX_SESSION_IDLE))
    }

    pub fn is_live(&self, length: Duration, now: Timestamp) -> bool {
        self.end.is_none() && now < self.expires_at(length)
    }

    /// Ends the session. The first end counts.
    #[must_use]
    pub fn ended(&self, reason: SessionEndReason, now: Timestamp) -> Self {
        let mut family = self.clone();
        if family.end.is_none() {
            family.end = Some(SessionEnd {
                reason,
                at: now,
                is_notified: false,
            });
            family.version += 1;
        }
        family
    }

    /// Returns whether the person is still to be notified that an old token came back.
    pub fn needs_notice(&self) -> bool {
        let is_open = |end: SessionEnd| end.reason == SessionEndReason::Reused && !end.is_notified;
        self.end.is_some_and(is_open)
    }

    /// Records that the person was notified of the end.
    #[must_use]
    pub fn notified(&self) -> Self {
        let mut family = self.clone();
        if let Some(end) = &mut family.end
            && !end.is_notified
        {
            end.is_notified = true;
            family.version += 1;
        }
        family
    }

    /// Makes the next access token one for another tenant.
    #[must_use]
    pub fn switched_to(&self, tenant: TenantId) -> Self {
        let mut family = self.clone();
        if family.tenant != Some(tenant) {
            family.tenant = Some(tenant);
            family.version += 1;
        }
        family
    }
}

/// A session in the list of devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct SessionSummary {
    pub id: SessionId,
    #[serde(flatten)]
    pub device: Device,
    pub created_at: Timestamp,
    pub used_at: Timestamp,
    pub expires_at: Timestamp,
    /// Whether it is the session that asks.
    pub is_current: bool,
}

impl SessionSummary {
    /// Lists the live sessions, the latest used first.
    pub fn list(
        families: &[SessionFamily],
        current: SessionId,
        length: Duration,
        now: Timestamp,
    ) -> Vec<Self> {
        let live = families.iter().filter(|family| family.is_live(length, now));
        let mut list: Vec<_> = live
            .map(|family| Self {
                id: family.id,
                device: family.device.clone(),
                created_at: family.created_at,
                used_at: family.used_at(),
                expires_at: family.expires_at(length),
                is_current: family.id == current,
            })
            .collect();
        list.sort_by_key(|summary| Reverse((summary.used_at, summary.id)));
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn family(byte: u8, created: i64) -> SessionFamily {
        let device = Device::new(SessionClient::Browser, "Firefox on Linux", None);
        let id = SessionId::new(at(created), &|| [byte; 10]);
        let user = UserId::new(at(0), &|| [1; 10]);
        SessionFamily::new(id, user, Secret::new(&|| [byte; 10]), device, at(created))
    }

    #[test]
    fn session_expires_by_age_by_idleness_and_by_the_tenants_length() {
        let new = family(1, 0);
        assert_eq!(new.expires_at(MAX_SESSION_AGE), at(14 * DAY));
        let used = SessionFamily {
            rotated_at: Some(at(10 * DAY)),
            ..new.clone()
        };
        assert_eq!(used.expires_at(MAX_SESSION_AGE), at(24 * DAY));
        let used = SessionFamily {
            rotated_at: Some(at(29 * DAY)),
            ..new.clone()
        };
        assert_eq!(used.expires_at(MAX_SESSION_AGE), at(30 * DAY));
        assert_eq!(
            used.expires_at(Duration::MAX),
            at(30 * DAY),
            "no tenant lengthens it"
        );
        let hours = Duration::from_secs(8 * 3_600);
        assert_eq!(new.expires_at(hours), at(8 * 3_600));
        assert!(new.is_live(hours, at(8 * 3_600 - 1)) && !new.is_live(hours, at(8 * 3_600)));
    }

    #[test]
    fn first_end_of_a_session_counts() {
        let ended = family(1, 0).ended(SessionEndReason::Logout, at(5));
        assert!(!ended.is_live(MAX_SESSION_AGE, at(5)));
        assert_eq!(ended.ended(SessionEndReason::Reused, at(9)), ended);
    }

    #[test]
    fn sessions_of_another_epoch_of_their_person_are_over() {
        let session = family(1, 0);
        let email = crate::EmailAddress::parse("dana@example.com").unwrap();
        let person = Person::new(session.user, email, "Dana", at(0)).unwrap();
        assert_eq!(session.as_of(&person, at(9)), session);
        let changed = person.clone().set_password("$argon2id$1".into());
        let over = session.as_of(&changed, at(9));
        assert_eq!(over.end.unwrap().reason, SessionEndReason::AllEnded);
        let kept = session.in_epoch(changed.session_epoch);
        assert_eq!((kept.as_of(&changed, at(9)), kept.version), (kept, 2));
        let all = changed.end_all_sessions();
        assert!(!over.as_of(&all, at(9)).is_live(MAX_SESSION_AGE, at(9)));
        let stranger = Person {
            id: UserId::new(at(0), &|| [9; 10]),
            ..person
        };
        assert!(session.as_of(&stranger, at(9)).end.is_some());
    }

    #[test]
    fn person_is_notified_once_of_a_reused_token_and_of_no_other_end() {
        let ended = family(1, 0).ended(SessionEndReason::Reused, at(5));
        assert!(ended.needs_notice() && !family(1, 0).needs_notice());
        let notified = ended.notified();
        assert!(!notified.needs_notice());
        assert_eq!(notified.notified(), notified);
        let left = family(1, 0).ended(SessionEndReason::Logout, at(5));
        assert!(!left.needs_notice());
    }

    #[test]
    fn version_grows_with_each_change_and_with_nothing_else() {
        let tenant = TenantId::new(at(0), &|| [1; 10]);
        let new = family(1, 0);
        let switched = new.switched_to(tenant);
        assert_eq!((new.version, switched.version), (1, 2));
        assert_eq!(switched.switched_to(tenant), switched);
        assert_eq!(switched.in_epoch(0), switched);
        let ended = switched.ended(SessionEndReason::Logout, at(5));
        assert_eq!((ended.version, ended.notified().version), (3, 4));
    }

    #[test]
    fn list_shows_live_sessions_and_the_latest_first() {
        let used = SessionFamily {
            rotated_at: Some(at(500)),
            ..family(2, 10)
        };
        let families = [
            family(1, 100),
            used.clone(),
            family(3, 0).ended(SessionEndReason::Logout, at(1)),
        ];
        let list = SessionSummary::list(&families, families[0].id, MAX_SESSION_AGE, at(900));
        let ids: Vec<_> = list
            .iter()
            .map(|summary| (summary.id, summary.is_current))
            .collect();
        assert_eq!(ids, [(used.id, false), (families[0].id, true)]);
        let json = serde_json::to_string(&list).unwrap();
        assert!(
            !json.contains(&used.secret.to_base64()),
            "no secret is listed"
        );
    }

    #[test]
    fn device_names_are_clipped_and_have_no_controls() {
        let device = Device::new(
            SessionClient::Mobile,
            &"\u{1b}x\u{202e}\n".repeat(1_000),
            None,
        );
        assert_eq!(device.name.chars().count(), 120);
        assert!(device.name.starts_with("x x"));
    }

    #[test]
    fn stored_session_is_read_back() {
        let tenant = TenantId::new(at(0), &|| [1; 10]);
        let family = family(1, 0)
            .switched_to(tenant)
            .ended(SessionEndReason::Reused, at(3));
        assert_eq!(family.tenant, Some(tenant));
        let json = serde_json::to_string(&family).unwrap();
        assert_eq!(
            serde_json::from_str::<SessionFamily>(&json).unwrap(),
            family
        );
    }
}
