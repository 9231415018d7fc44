//! Sign-ups: an address, a password, and the workspace that is created once the address is verified.

use confab_core::{Error, Private, Result, TenantId, Timestamp, UserId};
use serde::Deserialize;

use super::{
    password::{Password, PasswordOwner},
    person::{MAX_PERSON_NAME_CHARS, Person, WantedTenant},
};
use crate::{EmailAddress, LanguageTag, tenancy::MAX_TENANT_NAME_CHARS, text::parse_name};

/// The body of `POST /auth/signup`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(
    feature = "contract",
    derive(ts_rs::TS, utoipa::ToSchema),
    ts(optional_fields)
)]
#[serde(deny_unknown_fields)]
pub struct SignUpRequest {
    pub email: String,
    pub password: Private<String>,
    pub name: String,
    pub tenant_name: String,
    #[serde(default)]
    pub locale: Option<String>,
}

/// A sign-up whose fields are in order.
#[derive(Debug, Clone)]
pub struct SignUp {
    pub email: EmailAddress,
    pub password: Password,
    name: String,
    tenant_name: String,
    locale: Option<LanguageTag>,
}

impl SignUpRequest {
    pub fn parse(&self) -> Result<SignUp> {
        let email = EmailAddress::parse(&self.email)?;
        let name = parse_name(&self.name, MAX_PERSON_NAME_CHARS)?;
        let tenant_name = parse_name(&self.tenant_name, MAX_TENANT_NAME_CHARS).map_err(|_| {
            let message =
                format!("A workspace has a name of 1 to {MAX_TENANT_NAME_CHARS} characters.");
            Error::invalid("bad_tenant_name", message)
        })?;
        let owner = PasswordOwner {
            email: &email,
            name: &name,
        };
        Ok(SignUp {
            password: Password::choose(self.password.as_str(), owner)?,
            locale: self.locale.as_deref().map(LanguageTag::parse).transpose()?,
            email,
            name,
            tenant_name,
        })
    }
}

impl SignUp {
    /// Makes a person whose address is to be verified. `tenant` is the id of the workspace. An earlier sign-up with the
    /// address stays: each has its own link and password, and the first one that is verified gets the address.
    pub fn person(
        &self,
        id: UserId,
        tenant: TenantId,
        password_hash: String,
        now: Timestamp,
    ) -> Result<Person> {
        let person = Person::new(id, self.email.clone(), &self.name, now)?;
        let person = Person {
            locale: self.locale.clone(),
            wanted_tenant: Some(self.wanted(tenant)),
            ..person
        };
        Ok(person.set_password(password_hash))
    }

    fn wanted(&self, id: TenantId) -> WantedTenant {
        let name = self.tenant_name.clone();
        WantedTenant { id, name }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::VerifyToken;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn request() -> SignUpRequest {
        let body = serde_json::json!({
            "email": "Dana@shop.example", "password": "seven small lanterns", "name": "Dana",
            "tenant_name": "Flowers", "locale": "he",
        });
        serde_json::from_value(body).unwrap()
    }

    fn code(change: impl FnOnce(&mut SignUpRequest)) -> String {
        let mut request = request();
        change(&mut request);
        request.parse().unwrap_err().code().to_owned()
    }

    fn person() -> Person {
        let id = UserId::new(at(0), &|| [1; 10]);
        let sign_up = request().parse().unwrap();
        let hash = "$argon2id$1".into();
        sign_up.person(id, tenant(1), hash, at(0)).unwrap()
    }

    fn tenant(byte: u8) -> TenantId {
        TenantId::new(at(0), &|| [byte; 10])
    }

    fn wanted(person: &Person) -> (TenantId, &str) {
        let wanted = person.wanted_tenant.as_ref().unwrap();
        (wanted.id, &wanted.name)
    }

    #[test]
    fn person_waits_for_the_verification_and_keeps_what_the_workspace_needs() {
        let person = person();
        assert!(!person.is_verified());
        assert_eq!(wanted(&person), (tenant(1), "Flowers"));
        assert_eq!(person.locale, Some(LanguageTag::parse("he").unwrap()));
        assert_eq!(person.password_version, 1);
    }

    #[test]
    fn sign_ups_with_one_address_are_verified_each_by_its_own_link() {
        let mut again = request();
        again.email = "dana@shop.example".into();
        again.tenant_name = "Roses".into();
        let id = UserId::new(at(1), &|| [2; 10]);
        let hash = "$argon2id$2".into();
        let again = again.parse().unwrap();
        let again = again.person(id, tenant(2), hash, at(1)).unwrap();
        assert_eq!(again.email.key(), person().email.key());
        assert_eq!(
            (wanted(&person()).1, wanted(&again).1),
            ("Flowers", "Roses")
        );
        let (first, second) = (VerifyToken::new(&person()), VerifyToken::new(&again));
        assert_eq!((first.user(), second.user()), (person().id, id));
        for (link, own, other) in [
            (first, person(), &again),
            (second, again.clone(), &person()),
        ] {
            assert!(link.redeem(&own, at(5)).unwrap().is_verified());
            assert_eq!(link.redeem(other, at(5)).unwrap_err().code(), "link_used");
        }
    }

    #[test]
    fn malformed_sign_ups_are_refused_each_with_its_code() {
        assert_eq!(code(|r| r.email = "dana".into()), "bad_email");
        assert_eq!(code(|r| r.name = " ".into()), "bad_name");
        assert_eq!(code(|r| r.tenant_name = "\n".into()), "bad_tenant_name");
        assert_eq!(code(|r| r.tenant_name = "x".repeat(81)), "bad_tenant_name");
        assert_eq!(code(|r| r.locale = Some("x".into())), "bad_language");
        assert_eq!(code(|r| r.password = "short".into()), "password_too_short");
        assert_eq!(
            code(|r| r.password = "password1234".into()),
            "password_is_guessable"
        );
        assert_eq!(
            code(|r| r.password = "Dana@shop.example".into()),
            "password_is_personal"
        );
        let unknown =
            r#"{"email":"a@b.example","password":"x","name":"x","tenant_name":"x","role":"admin"}"#;
        assert!(serde_json::from_str::<SignUpRequest>(unknown).is_err());
        assert!(!format!("{:?}", request()).contains("lanterns"));
    }
}
