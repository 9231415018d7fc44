//! A person with an account. One person may be a member of many tenants.

use std::collections::BTreeSet;

use confab_core::{Error, Private, Result, TenantId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use super::role::PlatformRole;
use crate::{EmailAddress, LanguageTag, text::parse_name};

/// Maximum tenants of one person.
pub const MAX_TENANTS_PER_PERSON: usize = 100;
/// Maximum tenants that one person may start on trial.
pub const MAX_TRIALS_PER_PERSON: u32 = 3;
pub(super) const MAX_PERSON_NAME_CHARS: usize = 80;

/// How a person proves who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LoginMethod {
    Password,
    Google,
    Github,
    Oidc,
    Saml,
}

impl LoginMethod {
    const ALL: [Self; 5] = [
        Self::Password,
        Self::Google,
        Self::Github,
        Self::Oidc,
        Self::Saml,
    ];

    /// Whether people can sign in this way so far.
    pub fn is_available(self) -> bool {
        self == Self::Password
    }
}

/// Returns how the people of an address may sign in. It depends on the domain alone, so that it discloses no account.
pub fn login_methods(_email: &EmailAddress) -> Vec<LoginMethod> {
    let methods = LoginMethod::ALL.into_iter();
    methods.filter(|method| method.is_available()).collect()
}

/// A workspace that is created when the address is verified. Its id is chosen before, so that it is created once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedTenant {
    pub id: TenantId,
    pub name: String,
}

/// The global row of a person. It points to tenants and holds nothing of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: UserId,
    pub email: EmailAddress,
    pub name: Private<String>,
    /// The language of mails; `None` is English.
    #[serde(default)]
    pub locale: Option<LanguageTag>,
    /// The workspace that the sign-up asked for, until it exists.
    #[serde(default)]
    pub wanted_tenant: Option<WantedTenant>,
    /// Without it, the person cannot sign in.
    pub email_verified_at: Option<Timestamp>,
    /// The text that the password hash function writes. `None` with single sign-on alone.
    pub password_hash: Option<Private<String>>,
    /// Grows with each new password. Reset links name it, so that each works once.
    pub password_version: u32,
    /// Grows when all sessions end at once. Sessions of another epoch are over, however many there are.
    #[serde(default)]
    pub session_epoch: u32,
    pub platform_role: Option<PlatformRole>,
    pub tenants: BTreeSet<TenantId>,
    pub trials_started: u32,
    pub created_at: Timestamp,
    pub version: u64,
}

impl Person {
    pub fn new(id: UserId, email: EmailAddress, name: &str, now: Timestamp) -> Result<Self> {
        Ok(Self {
            id,
            email,
            name: parse_name(name, MAX_PERSON_NAME_CHARS)?.into(),
            locale: None,
            wanted_tenant: None,
            email_verified_at: None,
            password_hash: None,
            password_version: 0,
            session_epoch: 0,
            platform_role: None,
            tenants: BTreeSet::new(),
            trials_started: 0,
            created_at: now,
            version: 1,
        })
    }

    pub fn is_verified(&self) -> bool {
        self.email_verified_at.is_some()
    }

    /// Records that the address belongs to the person. The first time counts.
    #[must_use]
    pub fn verify_email(mut self, now: Timestamp) -> Self {
        if self.email_verified_at.is_none() {
            self.email_verified_at = Some(now);
            self.version += 1;
        }
        self
    }

    /// Makes the person an operator of the platform, or ends that. Repeated, it changes nothing.
    #[must_use]
    pub fn set_platform_role(mut self, role: Option<PlatformRole>) -> Self {
        if self.platform_role != role {
            self.platform_role = role;
            self.version += 1;
        }
        self
    }

    /// Stores a new password and ends all sessions. Links that were sent before reset nothing any more.
    #[must_use]
    pub fn set_password(mut self, hash: String) -> Self {
        self.password_hash = Some(hash.into());
        self.password_version += 1;
        self.end_all_sessions()
    }

    /// Ends all sessions.
    #[must_use]
    pub fn end_all_sessions(mut self) -> Self {
        self.session_epoch += 1;
        self.version += 1;
        self
    }

    /// Records that the workspace of the sign-up exists. Repeated, it changes nothing.
    #[must_use]
    pub fn complete_sign_up(mut self) -> Self {
        if self.wanted_tenant.take().is_some() {
            self.version += 1;
        }
        self
    }

    /// Stores a better hash of the same password, made at a sign-in.
    #[must_use]
    pub fn rehash_password(mut self, hash: String) -> Self {
        self.password_hash = Some(hash.into());
        self.version += 1;
        self
    }

    /// Takes the account over for the owner of its mailbox, who has a link that was mailed there. An account that was
    /// never verified may have been made by a stranger: its password, its earlier links and the workspace that
    /// it asked for become void.
    pub fn claim(self, name: &str, password_hash: String, now: Timestamp) -> Result<Self> {
        if self.is_verified() {
            let message =
                "There is an account with this address. Sign in to accept the invitation.";
            return Err(Error::conflict("account_exists", message));
        }
        let name = parse_name(name, MAX_PERSON_NAME_CHARS)?.into();
        let claimed = Self {
            name,
            wanted_tenant: None,
            ..self
        };
        Ok(claimed.set_password(password_hash).verify_email(now))
    }

    /// Counts a trial before its tenant is made. Operators start as many as they need.
    pub fn start_trial(mut self) -> Result<Self> {
        if self.platform_role.is_none() && self.trials_started >= MAX_TRIALS_PER_PERSON {
            let message = format!("You can start at most {MAX_TRIALS_PER_PERSON} trials.");
            return Err(Error::conflict("too_many_trials", message));
        }
        self.trials_started += 1;
        self.version += 1;
        Ok(self)
    }

    /// Adds the pointer to a tenant. Repeated, it changes nothing.
    pub fn join(mut self, tenant: TenantId) -> Result<Self> {
        if self.tenants.contains(&tenant) {
            return Ok(self);
        }
        if self.tenants.len() >= MAX_TENANTS_PER_PERSON {
            let message =
                format!("You can be a member of at most {MAX_TENANTS_PER_PERSON} workspaces.");
            return Err(Error::conflict("too_many_tenants", message));
        }
        self.tenants.insert(tenant);
        self.version += 1;
        Ok(self)
    }

    /// Removes the pointer to a tenant. Repeated, it changes nothing.
    #[must_use]
    pub fn leave(mut self, tenant: TenantId) -> Self {
        if self.tenants.remove(&tenant) {
            self.version += 1;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn person() -> Person {
        let id = UserId::new(at(1), &|| [1; 10]);
        let email = EmailAddress::parse("dana@example.com").unwrap();
        Person::new(id, email, " Dana  Cohen ", at(1)).unwrap()
    }

    fn tenant(number: i64) -> TenantId {
        TenantId::new(at(number), &|| [1; 10])
    }

    fn wanted(name: &str) -> WantedTenant {
        let (id, name) = (tenant(1), name.to_owned());
        WantedTenant { id, name }
    }

    #[test]
    fn new_person_is_not_verified_until_the_first_verification() {
        assert_eq!(person().name.as_str(), "Dana Cohen");
        assert!(!person().is_verified());
        let verified = person().verify_email(at(5));
        assert_eq!(verified.email_verified_at, Some(at(5)));
        assert_eq!(verified.clone().verify_email(at(9)), verified);
    }

    #[test]
    fn new_password_changes_the_version_and_a_rehash_does_not() {
        let chosen = person().set_password("$argon2id$1".into());
        assert_eq!((chosen.password_version, chosen.version), (1, 2));
        let rehashed = chosen.clone().rehash_password("$argon2id$2".into());
        assert_eq!((rehashed.password_version, rehashed.session_epoch), (1, 1));
        assert_eq!(
            chosen.set_password("$argon2id$3".into()).password_version,
            2
        );
    }

    #[test]
    fn account_that_was_never_verified_is_claimed_with_a_new_password() {
        let stranger = Person {
            wanted_tenant: Some(wanted("Trap")),
            ..person().set_password("$argon2id$1".into())
        };
        let claimed = stranger
            .clone()
            .claim("Noa", "$argon2id$2".into(), at(5))
            .unwrap();
        assert_eq!((claimed.name.as_str(), claimed.id), ("Noa", stranger.id));
        assert_eq!(
            (claimed.password_version, &claimed.wanted_tenant),
            (2, &None)
        );
        assert!(claimed.is_verified());
        let refused = claimed.claim("Eve", "$argon2id$3".into(), at(6));
        assert_eq!(refused.unwrap_err().code(), "account_exists");
        assert_eq!(
            person()
                .claim(" ", "hash".into(), at(5))
                .unwrap_err()
                .code(),
            "bad_name"
        );
    }

    #[test]
    fn new_password_ends_all_sessions_and_so_does_their_end() {
        let chosen = person().set_password("$argon2id$1".into());
        assert_eq!((person().session_epoch, chosen.session_epoch), (0, 1));
        let ended = chosen.end_all_sessions();
        assert_eq!((ended.session_epoch, ended.password_version), (2, 1));
    }

    #[test]
    fn sign_up_is_completed_once() {
        let waiting = Person {
            wanted_tenant: Some(wanted("Flowers")),
            ..person()
        };
        let done = waiting.complete_sign_up();
        assert_eq!((&done.wanted_tenant, done.version), (&None, 2));
        assert_eq!(done.clone().complete_sign_up(), done);
    }

    #[test]
    fn person_starts_three_trials_and_an_operator_any_number() {
        let started = (0..3).try_fold(person(), |person, _| person.start_trial());
        let started = started.unwrap();
        let refused = started.clone().start_trial().unwrap_err();
        assert_eq!(refused.code(), "too_many_trials");
        let operator = Person {
            platform_role: Some(PlatformRole::Admin),
            ..started
        };
        assert!(operator.start_trial().is_ok());
    }

    #[test]
    fn person_becomes_an_operator_and_ceases_to_be_one_once() {
        let operator = person().set_platform_role(Some(PlatformRole::Admin));
        assert_eq!(
            (operator.platform_role, operator.version),
            (Some(PlatformRole::Admin), 2)
        );
        let again = operator
            .clone()
            .set_platform_role(Some(PlatformRole::Admin));
        assert_eq!(again, operator);
        let person = operator.set_platform_role(None);
        assert_eq!((person.platform_role, person.version), (None, 3));
    }

    #[test]
    fn tenants_are_joined_and_left_once() {
        let joined = person().join(tenant(1)).unwrap();
        assert_eq!(joined.clone().join(tenant(1)).unwrap(), joined);
        let left = joined.leave(tenant(1));
        assert_eq!((left.tenants.len(), left.version), (0, 3));
        assert_eq!(left.clone().leave(tenant(1)), left);
        let full = (0..100).try_fold(left, |person, number| person.join(tenant(number)));
        assert_eq!(
            full.unwrap().join(tenant(100)).unwrap_err().code(),
            "too_many_tenants"
        );
    }

    #[test]
    fn stored_person_is_read_back_and_debug_hides_name_and_hash() {
        let person = person().set_password("$argon2id$secret".into());
        let json = serde_json::to_string(&person).unwrap();
        assert_eq!(serde_json::from_str::<Person>(&json).unwrap(), person);
        let debug = format!("{person:?}");
        for hidden in ["dana@", "Dana", "secret"] {
            assert!(!debug.contains(hidden), "{debug}");
        }
    }
}
