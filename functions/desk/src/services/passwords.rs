//! Hashes of passwords: argon2id with 19 MiB, two passes and one lane.
//!
//! A hash takes the function's thread for some 75 ms. Nothing waits for it: an instance has one request at a time, and
//! no call is underway while it hashes.

use std::{fmt::Display, hint::black_box};

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version,
    password_hash::{self, SaltString},
};
use confab_core::{Entropy, Error, Result};
use desk_domain::Password;

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;

/// How a presented password compares with a stored hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PasswordMatch {
    Wrong,
    Right,
    /// It is right, and its hash is cheaper than those that are made today.
    Outdated,
}

fn hasher() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(failed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn failed(error: impl Display) -> Error {
    Error::internal("password_hash_failed", error.to_string())
}

/// Hashes a password with a new salt.
pub(crate) fn hash(password: &Password, entropy: &dyn Entropy) -> Result<String> {
    let drawn = [(); 2].map(|()| entropy.bytes());
    let salt: [u8; SALT_BYTES] = std::array::from_fn(|index| drawn[index / 10][index % 10]);
    hash_with(password, &salt)
}

fn hash_with(password: &Password, salt: &[u8]) -> Result<String> {
    let salt = SaltString::encode_b64(salt).map_err(failed)?;
    let hash = hasher()?.hash_password(password.as_str().as_bytes(), &salt);
    Ok(hash.map_err(failed)?.to_string())
}

/// Compares a password with a stored hash. Without one it takes the same time, so that an unknown address is not told
/// apart from a wrong password.
pub(crate) fn verify(password: &Password, stored: Option<&str>) -> Result<PasswordMatch> {
    let Some(stored) = stored else {
        black_box(hash_with(password, &[0; SALT_BYTES])?);
        return Ok(PasswordMatch::Wrong);
    };
    let stored = PasswordHash::new(stored).map_err(failed)?;
    match hasher()?.verify_password(password.as_str().as_bytes(), &stored) {
        Ok(()) if is_outdated(&stored)? => Ok(PasswordMatch::Outdated),
        Ok(()) => Ok(PasswordMatch::Right),
        Err(password_hash::Error::Password) => Ok(PasswordMatch::Wrong),
        Err(error) => Err(failed(error)),
    }
}

fn is_outdated(stored: &PasswordHash<'_>) -> Result<bool> {
    let params = Params::try_from(stored).map_err(failed)?;
    let is_cheaper = params.m_cost() < MEMORY_KIB || params.t_cost() < PASSES;
    Ok(is_cheaper || stored.algorithm != Algorithm::Argon2id.ident())
}

#[cfg(test)]
mod tests {
    use confab_lambda::OsEntropy;

    use super::*;

    fn password(text: &str) -> Password {
        Password::present(text).unwrap()
    }

    #[test]
    fn password_is_right_and_another_one_is_wrong() {
        let stored = hash(&password("seven small lanterns"), &OsEntropy).unwrap();
        assert!(
            stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{stored}"
        );
        let check = |text| verify(&password(text), Some(&stored)).unwrap();
        assert_eq!(check("seven small lanterns"), PasswordMatch::Right);
        assert_eq!(check("Seven small lanterns"), PasswordMatch::Wrong);
        assert_eq!(check(""), PasswordMatch::Wrong);
    }

    #[test]
    fn same_password_has_another_hash_each_time() {
        let password = password("seven small lanterns");
        let hashes = [(); 2].map(|()| hash(&password, &OsEntropy).unwrap());
        assert_ne!(hashes[0], hashes[1]);
    }

    #[test]
    fn cheaper_hash_is_right_and_outdated() {
        let cheap = Argon2::new(
            Algorithm::Argon2id,
            Version::V0x13,
            Params::new(64, 1, 1, None).unwrap(),
        );
        let salt = SaltString::encode_b64(&[7; SALT_BYTES]).unwrap();
        let stored = cheap.hash_password(b"seven small lanterns", &salt);
        let stored = stored.unwrap().to_string();
        let check = |text| verify(&password(text), Some(&stored)).unwrap();
        assert_eq!(check("seven small lanterns"), PasswordMatch::Outdated);
        assert_eq!(check("seven large lanterns"), PasswordMatch::Wrong);
    }

    #[test]
    fn person_without_a_password_has_no_right_one() {
        let check = verify(&password("seven small lanterns"), None);
        assert_eq!(check.unwrap(), PasswordMatch::Wrong);
    }

    #[test]
    fn damaged_hash_is_an_error_of_ours() {
        for damaged in ["", "plain"] {
            let error = verify(&password("x"), Some(damaged)).unwrap_err();
            assert_eq!(error.code(), "password_hash_failed", "{damaged}");
        }
    }
}
