//! Tokens of links that are mailed: to verify an address, to reset a password, and to accept an invitation.
//!
//! Each works once without a row of its own. It names a state of the person or of the invitation that its use changes.

use std::time::Duration;

use confab_core::{Error, Result, Sealed, TenantId, Timestamp, UserId, after, seal, unseal};
use serde::{Deserialize, Serialize};

use crate::{EmailKey, INVITATION_TTL, Invitation, InvitationId, Person};

pub const VERIFY_TTL: Duration = Duration::from_secs(24 * 3_600);
pub const RESET_TTL: Duration = Duration::from_secs(3_600);

/// A token with the time that its link is valid.
pub trait MailToken: Sealed {
    const TTL: Duration;
}

/// Seals the token of a link.
pub fn seal_mail_token<T: MailToken>(secret: &[u8], token: &T, now: Timestamp) -> Result<String> {
    seal(secret, token, after(now, T::TTL))
}

/// Opens the token of a link, as long as it has not expired.
pub fn open_mail_token<T: MailToken>(secrets: &[&[u8]], text: &str, now: Timestamp) -> Result<T> {
    unseal(secrets, text, now)
}

/// Proves an address for the sign-up that the mail was about. A stranger may have made that sign-up, so its password is
/// asked for as well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyToken(PersonState);

/// Allows one new password. A password that is changed otherwise, and a changed address, void the link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetToken(PersonState);

/// Leads to an invitation, which is accepted once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InviteToken {
    pub tenant: TenantId,
    pub invitation: InvitationId,
}

/// The person as they were when the mail was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonState {
    user: UserId,
    email: EmailKey,
    password_version: u32,
}

impl PersonState {
    fn of(person: &Person) -> Self {
        Self {
            user: person.id,
            email: person.email.key(),
            password_version: person.password_version,
        }
    }

    fn check(&self, person: &Person) -> Result<()> {
        if *self == Self::of(person) {
            Ok(())
        } else {
            Err(link_used())
        }
    }
}

/// The answer to a link that was used, or whose sign-up is forgotten.
pub fn link_used() -> Error {
    Error::conflict(
        "link_used",
        "This link was already used. Ask for a new one.",
    )
}

impl Sealed for VerifyToken {
    const PURPOSE: &'static str = "desk-verify";
}

impl MailToken for VerifyToken {
    const TTL: Duration = VERIFY_TTL;
}

impl VerifyToken {
    pub fn new(person: &Person) -> Self {
        Self(PersonState::of(person))
    }

    pub fn user(&self) -> UserId {
        self.0.user
    }

    /// Returns the person with a verified address. The link signs in, so that it is used up once the workspace of the
    /// sign-up exists. Before, a use that broke off is repeated.
    pub fn redeem(&self, person: &Person, now: Timestamp) -> Result<Person> {
        self.0.check(person)?;
        if person.is_verified() && person.wanted_tenant.is_none() {
            return Err(link_used());
        }
        Ok(person.clone().verify_email(now))
    }
}

impl Sealed for ResetToken {
    const PURPOSE: &'static str = "desk-reset";
}

impl MailToken for ResetToken {
    const TTL: Duration = RESET_TTL;
}

impl ResetToken {
    pub fn new(person: &Person) -> Self {
        Self(PersonState::of(person))
    }

    pub fn user(&self) -> UserId {
        self.0.user
    }

    /// Checks the link, before a password is hashed for it.
    pub fn check(&self, person: &Person) -> Result<()> {
        self.0.check(person)
    }

    /// Returns whether the person's current password is the first one since the link was sent. If it is also the one
    /// that is presented again, the answer was lost.
    pub fn is_followed_by(&self, person: &Person) -> bool {
        let PersonState {
            user,
            email,
            password_version,
        } = &self.0;
        *user == person.id
            && *email == person.email.key()
            && password_version.checked_add(1) == Some(person.password_version)
    }

    /// Returns the person with the new password. The link proves the address too.
    pub fn redeem(&self, person: &Person, password_hash: String, now: Timestamp) -> Result<Person> {
        self.0.check(person)?;
        Ok(person.clone().set_password(password_hash).verify_email(now))
    }
}

impl Sealed for InviteToken {
    const PURPOSE: &'static str = "desk-invite";
}

impl MailToken for InviteToken {
    const TTL: Duration = INVITATION_TTL;
}

impl InviteToken {
    pub fn new(tenant: TenantId, invitation: &Invitation) -> Self {
        Self {
            tenant,
            invitation: invitation.id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EmailAddress, WantedTenant};

    const SECRET: &[u8] = b"mail secret";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn person() -> Person {
        let id = UserId::new(at(0), &|| [1; 10]);
        let email = EmailAddress::parse("dana@example.com").unwrap();
        let person = Person::new(id, email, "Dana", at(0)).unwrap();
        person.set_password("$argon2id$1".into())
    }

    fn with_email(text: &str) -> Person {
        Person {
            email: EmailAddress::parse(text).unwrap(),
            ..person()
        }
    }

    fn code<T: std::fmt::Debug>(result: Result<T>) -> String {
        result.unwrap_err().code().to_owned()
    }

    #[test]
    fn verification_works_once_and_for_its_sign_up_alone() {
        let token = VerifyToken::new(&person());
        assert_eq!(token.user(), person().id);
        let verified = token.redeem(&person(), at(5)).unwrap();
        assert_eq!(verified.email_verified_at, Some(at(5)));
        assert_eq!(code(token.redeem(&verified, at(6))), "link_used");
        let unfinished = Person {
            wanted_tenant: Some(WantedTenant {
                id: TenantId::new(at(0), &|| [1; 10]),
                name: "Flowers".into(),
            }),
            ..verified.clone()
        };
        let repeated = token.redeem(&unfinished, at(6)).unwrap();
        assert_eq!(repeated, unfinished, "the first time counts");
        let other_password = person().set_password("$argon2id$2".into());
        assert_eq!(code(token.redeem(&other_password, at(5))), "link_used");
        assert_eq!(
            code(token.redeem(&with_email("eve@example.com"), at(5))),
            "link_used"
        );
    }

    #[test]
    fn reset_works_once_and_not_after_another_change_of_the_password() {
        let (token, newer) = (ResetToken::new(&person()), ResetToken::new(&person()));
        assert_eq!(token.user(), person().id);
        let reset = token
            .redeem(&person(), "$argon2id$new".into(), at(5))
            .unwrap();
        assert!(reset.is_verified() && reset.password_version == 2);
        for used in [&token, &newer] {
            assert_eq!(
                code(used.redeem(&reset, "$argon2id$3".into(), at(6))),
                "link_used"
            );
        }
        assert!(token.is_followed_by(&reset) && !token.is_followed_by(&person()));
        let later = reset.clone().set_password("$argon2id$4".into());
        assert!(!token.is_followed_by(&later) && token.check(&later).is_err());
        let rehashed = person().rehash_password("$argon2id$better".into());
        assert!(
            token
                .redeem(&rehashed, "$argon2id$new".into(), at(5))
                .is_ok()
        );
        let moved = with_email("new@example.com");
        assert_eq!(
            code(token.redeem(&moved, "$argon2id$new".into(), at(5))),
            "link_used"
        );
    }

    #[test]
    fn links_expire_each_after_its_own_time() {
        let verify = seal_mail_token(SECRET, &VerifyToken::new(&person()), at(0)).unwrap();
        let open = |second| open_mail_token::<VerifyToken>(&[SECRET], &verify, at(second));
        assert_eq!(open(86_399).unwrap(), VerifyToken::new(&person()));
        assert_eq!(code(open(86_400)), "expired");
        let reset = seal_mail_token(SECRET, &ResetToken::new(&person()), at(0)).unwrap();
        let open = |second| open_mail_token::<ResetToken>(&[SECRET], &reset, at(second));
        assert!(open(3_599).is_ok());
        assert_eq!(code(open(3_600)), "expired");
        assert_eq!(InviteToken::TTL, INVITATION_TTL);
    }

    #[test]
    fn link_of_one_purpose_is_none_of_another_and_holds_no_address() {
        let verify = seal_mail_token(SECRET, &VerifyToken::new(&person()), at(0)).unwrap();
        assert_eq!(
            code(open_mail_token::<ResetToken>(&[SECRET], &verify, at(1))),
            "unauthenticated"
        );
        assert_eq!(
            code(open_mail_token::<VerifyToken>(&[b"other"], &verify, at(1))),
            "unauthenticated"
        );
        let json = serde_json::to_string(&VerifyToken::new(&person())).unwrap();
        assert!(!json.contains("dana"));
    }

    #[test]
    fn invitation_link_leads_to_its_invitation() {
        let token = InviteToken {
            tenant: TenantId::new(at(0), &|| [1; 10]),
            invitation: InvitationId::new(at(0), &|| [2; 10]),
        };
        let text = seal_mail_token(SECRET, &token, at(0)).unwrap();
        assert_eq!(
            open_mail_token::<InviteToken>(&[SECRET], &text, at(9)).unwrap(),
            token
        );
    }
}
