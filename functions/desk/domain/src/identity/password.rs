//! Passwords: what is accepted as a new one, and in which form it is hashed.

use std::fmt;

use confab_core::{Error, Private, Result, length};
use unicode_normalization::UnicodeNormalization;

use super::guessable::is_guessable;
use crate::EmailAddress;

pub const MIN_PASSWORD_CHARS: usize = 10;
pub const MAX_PASSWORD_CHARS: usize = 128;
/// Maximum bytes that are normalized. Decomposed letters have several characters before NFKC.
const MAX_TYPED_BYTES: usize = 4_096;

/// A password after NFKC, so that every keyboard types the same one. It is hashed and never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Private<String>);

/// The person whose password it becomes. It may not be the address or the name.
#[derive(Debug, Clone, Copy)]
pub struct PasswordOwner<'a> {
    pub email: &'a EmailAddress,
    pub name: &'a str,
}

impl Password {
    /// Accepts a new password.
    pub fn choose(text: &str, owner: PasswordOwner<'_>) -> Result<Self> {
        let password = Self::normalize(text).ok_or_else(too_long)?;
        let chars = length(password.as_str());
        if chars < MIN_PASSWORD_CHARS {
            let message = format!("A password needs at least {MIN_PASSWORD_CHARS} characters.");
            return Err(Error::invalid("password_too_short", message));
        }
        if password.is_personal(owner) {
            return Err(Error::invalid(
                "password_is_personal",
                "Choose a password other than your name or email address.",
            ));
        }
        if is_guessable(password.as_str()) {
            return Err(Error::invalid(
                "password_is_guessable",
                "This password is easy to guess. Choose another one, such as four words that have nothing in common.",
            ));
        }
        Ok(password)
    }

    /// Reads the password of a sign-in. The policy may have been another when it was chosen, so only its upper bound
    /// counts: `None` is a wrong password.
    pub fn present(text: &str) -> Option<Self> {
        Self::normalize(text)
    }

    /// Returns the bytes to hash.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    fn normalize(text: &str) -> Option<Self> {
        if text.len() > MAX_TYPED_BYTES {
            return None;
        }
        let password: String = text.nfkc().collect();
        (length(&password) <= MAX_PASSWORD_CHARS).then(|| Self(password.into()))
    }

    /// Compares letters and digits alone, so that `dana-cohen@` is the name too.
    fn is_personal(&self, owner: PasswordOwner<'_>) -> bool {
        let password = letters_of(self.as_str());
        let is_name = !password.is_empty() && password == letters_of(owner.name);
        is_name
            || password == letters_of(owner.email.as_str())
            || password == letters_of(owner.email.folded_local_part())
    }
}

fn letters_of(text: &str) -> String {
    let letters = text.nfkc().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

fn too_long() -> Error {
    let message = format!("A password has at most {MAX_PASSWORD_CHARS} characters.");
    Error::invalid("password_too_long", message)
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn choose(text: &str) -> Result<Password> {
        let email = EmailAddress::parse("dana.cohen@example.com").unwrap();
        let owner = PasswordOwner {
            email: &email,
            name: "Dana Cohen-Levi",
        };
        Password::choose(text, owner)
    }

    fn code(text: &str) -> String {
        let refused = choose(text).err();
        refused.map_or("none".to_owned(), |error| error.code().to_owned())
    }

    #[test]
    fn length_is_counted_after_normalization() {
        assert!(choose("correct ho").is_ok());
        assert_eq!(code("correct h"), "password_too_short");
        let longest = |letter: &str| format!("correct ho{}", letter.repeat(118));
        assert!(choose(&longest("é")).is_ok());
        assert!(choose(&longest("e\u{301}")).is_ok(), "128 composed letters");
        assert_eq!(code(&"e\u{301}".repeat(9)), "password_too_short");
        assert_eq!(code(&"x".repeat(129)), "password_too_long");
        assert_eq!(
            code(&"\u{fdfa}".repeat(100)),
            "password_too_long",
            "18 letters each"
        );
        assert_eq!(code(&"x".repeat(1 << 20)), "password_too_long");
    }

    #[test]
    fn address_and_name_are_no_passwords() {
        for personal in [
            "dana.cohen@example.com",
            "DANA.COHEN@example.com",
            "dana.cohen",
            "Dana-Cohen!",
            "dana cohen levi",
            "ＤａｎａＣｏｈｅｎＬｅｖｉ",
        ] {
            assert_eq!(code(personal), "password_is_personal", "{personal}");
        }
        assert!(choose("dana cohen levi 7").is_ok());
        assert_eq!(
            code("!?#%&;_+=*~<>"),
            "none",
            "a name without letters is not equal to it"
        );
    }

    #[test]
    fn guessable_passwords_are_refused_in_any_case_and_form() {
        for guessable in [
            "1234567890",
            "Passw0rd123",
            "QWERTYUIOP",
            "ｑｗｅｒｔｙｕｉｏｐ",
        ] {
            assert_eq!(code(guessable), "password_is_guessable", "{guessable}");
        }
        assert!(choose("seven small lanterns").is_ok());
    }

    #[test]
    fn every_keyboard_types_the_same_password() {
        let composed = choose("caf\u{e9} au lait").unwrap();
        assert_eq!(Password::present("cafe\u{301} au lait"), Some(composed));
        assert_eq!(Password::present(&"x".repeat(129)), None);
        assert!(
            Password::present("short").is_some(),
            "an older policy may have accepted it"
        );
        assert_eq!(
            format!("{:?}", choose("correct horse").unwrap()),
            "Password(..)"
        );
    }

    proptest! {
        #[test]
        fn chosen_passwords_open_again(text in ".{0,140}") {
            if let Ok(password) = choose(&text) {
                prop_assert_eq!(Password::present(&text), Some(password));
            }
        }
    }
}
