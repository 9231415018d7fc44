//! Names of users and rooms: how they are normalized, and when two names are confusable.

use confab_core::{Error, Private, Result, length};
use serde::{Deserialize, Serialize};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use unicode_security::confusable_detection::skeleton;

const MIN_NAME_CHARS: usize = 2;
const MAX_USERNAME_CHARS: usize = 24;
const MAX_ROOM_NAME_CHARS: usize = 60;
/// Combining marks on one base character; no script needs more.
const MAX_MARKS: usize = 6;
/// Names that would impersonate the operator.
const RESERVED: [&str; 5] = ["admin", "confab", "moderator", "support", "system"];

/// The name of a user in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(transparent)]
pub struct Username(Private<String>);

impl Username {
    pub fn parse(text: &str) -> Result<Self> {
        let name = normalize(text);
        if !(MIN_NAME_CHARS..=MAX_USERNAME_CHARS).contains(&length(&name)) {
            return Err(Error::invalid(
                "bad_name",
                "A name needs 2 to 24 characters.",
            ));
        }
        let name = Self(name.into());
        let key = name.confusable_key();
        if RESERVED.iter().any(|word| confusable_key(word) == key) {
            return Err(Error::conflict("name_taken", "This name is taken."));
        }
        Ok(name)
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The key that is equal for two names that look alike.
    pub fn confusable_key(&self) -> String {
        confusable_key(self.as_str())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RoomName(String);

impl RoomName {
    pub fn parse(text: &str) -> Result<Self> {
        let name = normalize(text);
        if !(MIN_NAME_CHARS..=MAX_ROOM_NAME_CHARS).contains(&length(&name)) {
            return Err(Error::invalid(
                "bad_name",
                "A room name needs 2 to 60 characters.",
            ));
        }
        Ok(Self(name))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Normalizes a name: NFKC, one line, single spaces, no invisible characters.
pub(crate) fn normalize(text: &str) -> String {
    // Invisible characters go before composition, which they would block, and after it, which may produce them.
    let visible = text.chars().filter(|c| !is_invisible(*c));
    let plain = limit_marks(visible.nfkc().filter(|c| !is_invisible(*c)));
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Controls, direction marks, joiners and tags.
pub(crate) fn is_invisible(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Keeps the first `MAX_MARKS` combining marks of each base character, since taller stacks overlap other lines.
/// A joiner is not a base character.
pub(crate) fn limit_marks(text: impl Iterator<Item = char>) -> String {
    let mut marks = 0;
    text.filter(|c| {
        if is_combining_mark(*c) {
            marks += 1;
            return marks <= MAX_MARKS;
        }
        if !matches!(c, '\u{200c}'..='\u{200f}') {
            marks = 0;
        }
        true
    })
    .collect()
}

/// Maps confusable letters (UTS 39), case and marks to one key. A name without letters is its own key.
fn confusable_key(name: &str) -> String {
    let unified = skeleton(&skeleton(name).collect::<String>().to_lowercase()).collect::<String>();
    let unify = |c: char| match c {
        'i' | '1' | '|' => 'l',
        '0' => 'o',
        c => c,
    };
    let lowercase = unified.to_lowercase();
    let letters = lowercase
        .nfkd()
        .filter(|c| !is_combining_mark(*c))
        .map(unify);
    let letters: String = letters.filter(|c| c.is_alphanumeric()).collect();
    if letters.is_empty() { unified } else { letters }
}

const ADJECTIVES: [&str; 12] = [
    "Amber", "Blue", "Calm", "Early", "Gentle", "Golden", "Lucky", "Merry", "Quiet", "Silver",
    "Swift", "Warm",
];
const ANIMALS: [&str; 12] = [
    "Badger", "Crane", "Dolphin", "Falcon", "Fox", "Heron", "Lark", "Lynx", "Otter", "Robin",
    "Seal", "Wren",
];

/// Suggests usernames, deterministically for the same bytes.
pub fn suggest_usernames(bytes: [u8; 10]) -> Vec<Username> {
    let pick = |list: &[&'static str; 12], byte: u8| list[usize::from(byte) % list.len()];
    let names = bytes
        .chunks_exact(2)
        .map(|pair| format!("{} {}", pick(&ADJECTIVES, pair[0]), pick(&ANIMALS, pair[1])));
    let mut names: Vec<_> = names.collect();
    names.sort();
    names.dedup();
    names
        .iter()
        .filter_map(|name| Username::parse(name).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(text: &str) -> Username {
        Username::parse(text).unwrap()
    }

    #[test]
    fn names_that_look_alike_have_the_same_confusable_key() {
        for (one, other) in [
            ("Dana", "dana"),
            ("Dana", "DANA"),
            ("Dana", "D\u{430}na"),
            ("Dana", "Ｄａｎａ"),
            ("Dana", "  Da\u{200b}na "),
            ("Dana", "\u{202e}Dana"),
            ("Dana", "Dàna"),
            ("Dana", "D.a-n_a"),
            ("Bill", "BiII"),
            ("Bill", "Bi1l"),
            ("Bob", "B0b"),
            ("Omer Cohen", "OmerCohen"),
            ("modern", "rnodern"),
        ] {
            assert_eq!(
                name(one).confusable_key(),
                name(other).confusable_key(),
                "{one} {other}"
            );
        }
        for (one, other) in [
            ("Dana", "Dan"),
            ("Dana", "Dina"),
            ("נועה", "נועם"),
            ("🦊🦊", "🐻🐻"),
        ] {
            assert_ne!(
                name(one).confusable_key(),
                name(other).confusable_key(),
                "{one} {other}"
            );
        }
    }

    #[test]
    fn names_are_normalized_and_reserved_ones_are_refused() {
        assert_eq!(name(" Dana \t of\n Troy ").as_str(), "Dana of Troy");
        assert_eq!(name("ﬁona").as_str(), "fiona");
        assert_eq!(name("נועה").as_str(), "נועה");
        for odd in [
            "",
            " ",
            "x",
            "\u{200b}\u{200b}\u{200b}",
            "\u{3164}\u{3164}",
            "a name of more than 24 characters",
        ] {
            assert!(Username::parse(odd).is_err(), "{odd:?}");
        }
        for reserved in ["Admin", "ADMlN", "Cοnfab", "s y s t e m"] {
            assert_eq!(
                Username::parse(reserved).unwrap_err().code(),
                "name_taken",
                "{reserved}"
            );
        }
    }

    #[test]
    fn names_keep_combining_marks_of_scripts_and_limit_stacks_of_them() {
        for written in ["Nguyễn", "שָׁלוֹם", "हिन्दी", "ပြည်", "བསྒྲུབས"]
        {
            assert_eq!(name(written).as_str(), written.nfkc().collect::<String>());
        }
        let tower = format!("Da{}na", "\u{328}\u{33c}\u{35b}".repeat(80));
        assert_eq!(length(name(&tower).as_str()), length("Dana") + MAX_MARKS);
        assert_eq!(
            RoomName::parse(&tower).unwrap().as_str(),
            name(&tower).as_str()
        );
    }

    #[test]
    fn suggested_usernames_are_valid() {
        assert!(suggest_usernames([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]).len() >= 4);
    }

    proptest! {
        #[test]
        fn parsed_names_are_normalized(text in "\\PC{0,40}") {
            if let Ok(name) = Username::parse(&text) {
                prop_assert_eq!(normalize(name.as_str()), name.as_str());
                prop_assert!(!name.confusable_key().is_empty());
            }
        }

        #[test]
        fn normalization_is_idempotent(text in "[a-zא-ת\u{300}-\u{33f}\u{200b}-\u{200f}ᄀ-ᇿ가-갂]{0,60}") {
            if let Ok(name) = Username::parse(&text) {
                prop_assert_eq!(normalize(name.as_str()), name.as_str());
            }
        }
    }
}
