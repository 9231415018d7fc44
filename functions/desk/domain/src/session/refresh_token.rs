//! The text of refresh tokens: `desk_rt_<session>_<number>_<mac>`.
//!
//! Token `n` is an HMAC of its number under the secret of its session. So a lost answer is repeated without storing
//! it, and only tokens that were issued can end a session as reused.

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use confab_core::Error;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::{Secret, SessionId};

const PREFIX: &str = "desk_rt_";
const ID_LETTERS: usize = 26;
const MAX_TOKEN_LETTERS: usize = 128;
/// Separates this use of the secret from others.
const PURPOSE: &[u8] = b"desk-refresh.";

#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    session: SessionId,
    number: u64,
    mac: [u8; 32],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a refresh token is expected")]
pub struct RefreshTokenError;

impl From<RefreshTokenError> for Error {
    fn from(error: RefreshTokenError) -> Self {
        Self::unauthenticated("Your session has expired. Sign in again.").with_source(error)
    }
}

impl RefreshToken {
    pub(super) fn issue(session: SessionId, secret: &Secret, number: u64) -> Self {
        let mac = mac_of(secret, number).map(|mac| mac.finalize().into_bytes().into());
        // HMAC takes keys of every length.
        let mac = mac.unwrap_or_default();
        Self {
            session,
            number,
            mac,
        }
    }

    /// Compares in constant time.
    pub(super) fn is_genuine(&self, session: SessionId, secret: &Secret) -> bool {
        let mac = mac_of(secret, self.number);
        session == self.session && mac.is_some_and(|mac| mac.verify_slice(&self.mac).is_ok())
    }

    /// Returns the session that the token claims, for finding its row.
    pub fn session(&self) -> SessionId {
        self.session
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Returns the text for the client.
    pub fn reveal(&self) -> String {
        let id = self.session.to_string();
        let letters = id.rsplit('_').next().unwrap_or_default();
        format!(
            "{PREFIX}{letters}_{}_{}",
            self.number,
            BASE64.encode(self.mac)
        )
    }
}

fn mac_of(secret: &Secret, number: u64) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(PURPOSE);
    mac.update(&number.to_be_bytes());
    Some(mac)
}

impl FromStr for RefreshToken {
    type Err = RefreshTokenError;

    fn from_str(text: &str) -> Result<Self, RefreshTokenError> {
        parse(text).ok_or(RefreshTokenError)
    }
}

fn parse(text: &str) -> Option<RefreshToken> {
    if text.len() > MAX_TOKEN_LETTERS || !text.is_ascii() {
        return None;
    }
    let rest = text.strip_prefix(PREFIX)?;
    let (id, rest) = rest.split_at_checked(ID_LETTERS)?;
    let (digits, mac) = rest.strip_prefix('_')?.split_once('_')?;
    let number: u64 = digits.parse().ok()?;
    let is_canonical = digits == number.to_string();
    let token = RefreshToken {
        session: format!("{}_{id}", SessionId::PREFIX).parse().ok()?,
        number,
        mac: BASE64.decode(mac).ok()?.try_into().ok()?,
    };
    is_canonical.then_some(token)
}

/// Hides the token, which is a credential.
impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RefreshToken({} {})", self.session, self.number)
    }
}

#[cfg(test)]
mod tests {
    use confab_core::Timestamp;
    use proptest::prelude::*;

    use super::*;

    fn session(byte: u8) -> SessionId {
        SessionId::new(Timestamp::from_second(1_796_000_000).unwrap(), &|| {
            [byte; 10]
        })
    }

    fn secret(byte: u8) -> Secret {
        Secret::new(&|| [byte; 10])
    }

    fn token(number: u64) -> RefreshToken {
        RefreshToken::issue(session(1), &secret(1), number)
    }

    #[test]
    fn same_number_is_the_same_token_and_others_differ() {
        assert_eq!(token(7).reveal(), token(7).reveal());
        assert_ne!(token(7).mac, token(8).mac);
        let other = RefreshToken::issue(session(1), &secret(2), 7);
        assert_ne!(token(7).mac, other.mac);
    }

    #[test]
    fn tokens_are_read_back_and_verified_with_the_secret_of_their_session() {
        for number in [0, 7, u64::MAX] {
            let read: RefreshToken = token(number).reveal().parse().unwrap();
            assert_eq!(read, token(number));
            assert!(read.is_genuine(session(1), &secret(1)));
            assert!(!read.is_genuine(session(2), &secret(1)));
            assert!(!read.is_genuine(session(1), &secret(2)));
        }
        assert!(!format!("{:?}", token(7)).contains(&BASE64.encode(token(7).mac)));
    }

    #[test]
    fn malformed_tokens_are_refused() {
        let good = token(7).reveal();
        for odd in [
            "".to_owned(),
            "desk_rt_".to_owned(),
            good.replace("desk_rt_", "desk_sk_"),
            good.replace("_7_", "_07_"),
            good.replace("_7_", "_+7_"),
            good.replace("_7_", "__"),
            good.replace("_7_", "_18446744073709551616_"),
            format!("{good}A"),
            good[..good.len() - 1].to_owned(),
            "x".repeat(1 << 20),
        ] {
            assert_eq!(odd.parse::<RefreshToken>(), Err(RefreshTokenError), "{odd}");
        }
    }

    proptest! {
        #[test]
        fn changed_tokens_are_not_genuine(place in 0_usize..80, letter in "[A-Za-z0-9_-]") {
            let text = token(7).reveal();
            let place = place % text.len();
            let mut changed = text.clone();
            changed.replace_range(place..=place, &letter);
            let read = changed.parse::<RefreshToken>();
            let is_genuine = read.is_ok_and(|read| read.is_genuine(session(1), &secret(1)));
            prop_assert_eq!(is_genuine, changed == text);
        }

        #[test]
        fn no_text_breaks_the_parser(text in "(desk_rt_)?.{0,80}") {
            prop_assert!(text.parse::<RefreshToken>().is_err());
        }
    }
}
