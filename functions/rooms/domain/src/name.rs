//! Names of people and rooms: what is kept of one, and by what two are compared.

use confab_core::{Error, Private, Result, length};
use serde::{Deserialize, Serialize};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use unicode_security::confusable_detection::skeleton;

const SHORTEST: usize = 2;
const LONGEST_USERNAME: usize = 24;
const LONGEST_ROOM_NAME: usize = 60;
/// On one base character; more than any script writes.
const MAX_MARKS: usize = 6;
/// Nobody is to be taken for one of us.
const RESERVED: [&str; 5] = ["admin", "confab", "moderator", "support", "system"];

/// What somebody is called in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(transparent)]
pub struct Username(Private<String>);

impl Username {
    pub fn parse(text: &str) -> Result<Self> {
        let name = tidy(text);
        if !(SHORTEST..=LONGEST_USERNAME).contains(&length(&name)) {
            return Err(Error::invalid("bad_name", "A name has 2 to 24 characters."));
        }
        let name = Self(name.into());
        if RESERVED
            .iter()
            .any(|reserved| likeness(reserved) == name.likeness())
        {
            return Err(Error::conflict("name_taken", "The name is taken."));
        }
        Ok(name)
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Two names that look alike have the same.
    pub fn likeness(&self) -> String {
        likeness(self.as_str())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RoomName(String);

impl RoomName {
    pub fn parse(text: &str) -> Result<Self> {
        let name = tidy(text);
        match (SHORTEST..=LONGEST_ROOM_NAME).contains(&length(&name)) {
            true => Ok(Self(name)),
            false => Err(Error::invalid(
                "bad_name",
                "A room's name has 2 to 60 characters.",
            )),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// As it is shown: in one form, on one line, without what nobody sees.
pub(crate) fn tidy(text: &str) -> String {
    // What is taken out must not keep its neighbours apart, and what is composed may be unseen.
    let seen = text.chars().filter(|c| !is_unseen(*c));
    let plain = bound_marks(seen.nfkc().filter(|c| !is_unseen(*c)));
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Controls, directions, joiners and tags: they change how a text looks, or do nothing but make it another one.
pub(crate) fn is_unseen(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Keeps the first `MAX_MARKS` combining marks of each base character: a taller stack paints over what is around it.
/// A joiner begins no new base.
pub(crate) fn bound_marks(text: impl Iterator<Item = char>) -> String {
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

/// Letters that look alike are one, and so are large and small ones, with and without marks. What is left of a name
/// without letters is the name itself.
fn likeness(name: &str) -> String {
    let seen = skeleton(&skeleton(name).collect::<String>().to_lowercase()).collect::<String>();
    let alike = |c: char| match c {
        'i' | '1' | '|' => 'l',
        '0' => 'o',
        c => c,
    };
    let small = seen.to_lowercase();
    let letters = small.nfkd().filter(|c| !is_combining_mark(*c)).map(alike);
    let letters: String = letters.filter(|c| c.is_alphanumeric()).collect();
    if letters.is_empty() { seen } else { letters }
}

const MANNERS: [&str; 12] = [
    "Amber", "Blue", "Calm", "Early", "Gentle", "Golden", "Lucky", "Merry", "Quiet", "Silver",
    "Swift", "Warm",
];
const ANIMALS: [&str; 12] = [
    "Badger", "Crane", "Dolphin", "Falcon", "Fox", "Heron", "Lark", "Lynx", "Otter", "Robin",
    "Seal", "Wren",
];

/// Names to choose from, the same for the same bytes.
pub fn suggestions(bytes: [u8; 10]) -> Vec<Username> {
    let pick = |list: &[&'static str; 12], byte: u8| list[usize::from(byte) % list.len()];
    let names = bytes
        .chunks_exact(2)
        .map(|pair| format!("{} {}", pick(&MANNERS, pair[0]), pick(&ANIMALS, pair[1])));
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
    fn what_looks_alike_is_alike() {
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
                name(one).likeness(),
                name(other).likeness(),
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
                name(one).likeness(),
                name(other).likeness(),
                "{one} {other}"
            );
        }
    }

    #[test]
    fn a_name_is_kept_as_it_is_shown() {
        assert_eq!(name(" Dana \t of\n Troy ").as_str(), "Dana of Troy");
        assert_eq!(name("ﬁona").as_str(), "fiona");
        assert_eq!(name("נועה").as_str(), "נועה");
        for odd in [
            "",
            " ",
            "x",
            "\u{200b}\u{200b}\u{200b}",
            "\u{3164}\u{3164}",
            "a very long name that nobody has",
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
    fn names_keep_the_marks_that_scripts_write_and_no_tower_of_them() {
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
    fn suggestions_are_names() {
        assert!(suggestions([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]).len() >= 4);
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_a_tidy_name_or_none(text in "\\PC{0,40}") {
            if let Ok(name) = Username::parse(&text) {
                prop_assert_eq!(tidy(name.as_str()), name.as_str());
                prop_assert!(!name.likeness().is_empty());
            }
        }

        #[test]
        fn names_stay_as_they_are_when_parsed_again(text in "[a-zא-ת\u{300}-\u{33f}\u{200b}-\u{200f}ᄀ-ᇿ가-갂]{0,60}") {
            if let Ok(name) = Username::parse(&text) {
                prop_assert_eq!(tidy(name.as_str()), name.as_str());
            }
        }
    }
}
