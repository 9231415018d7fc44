//! Commands such as `/carousel@Bot small habits`.

use confab_core::Private;
use confab_provider_base::parsed::text;
use serde::{Deserialize, Serialize};

use super::wire::Entity;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// In lower case and without the slash.
    pub name: String,
    /// The bot that a command in a group is addressed to.
    pub bot: Option<String>,
    /// The text after the command.
    pub argument: Private<String>,
}

const MAX_NAME_CHARS: usize = 32;

impl Command {
    /// Tells whether the command is meant for the bot with this user name.
    pub fn is_for(&self, username: &str) -> bool {
        self.bot
            .as_ref()
            .is_none_or(|bot| bot.eq_ignore_ascii_case(username))
    }

    /// Reads the command that a text begins with. One in the middle is only mentioned.
    pub(super) fn read(full_text: &str, entities: &[Entity]) -> Option<Self> {
        let is_command = |entity: &&Entity| entity.kind.get() == Some("bot_command");
        let entity = entities.iter().find(is_command)?;
        let start = byte_offset(full_text, entity.offset.0?)?;
        let length = byte_offset(&full_text[start..], entity.length.0?)?;
        let (before, rest) = full_text.split_at(start);
        if !before.trim().is_empty() {
            return None;
        }
        let (word, argument) = rest.split_at(length);
        let word = word.strip_prefix('/')?;
        let (name, bot) = match word.split_once('@') {
            Some((name, bot)) => (name, Some(bot)),
            None => (word, None),
        };
        let is_valid = |name: &str| {
            (1..=MAX_NAME_CHARS).contains(&name.len())
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        };
        if !is_valid(name) || !bot.is_none_or(is_valid) {
            return None;
        }
        Some(Self {
            name: name.to_ascii_lowercase(),
            bot: bot.map(str::to_owned),
            argument: text(argument.trim()),
        })
    }
}

/// Converts an offset in UTF-16 units; returns `None` beyond the end and within a character.
fn byte_offset(text: &str, units: usize) -> Option<usize> {
    let mut left = units;
    for (offset, c) in text.char_indices() {
        if left == 0 {
            return Some(offset);
        }
        left = left.checked_sub(c.len_utf16())?;
    }
    (left == 0).then_some(text.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn entities(entities: &Value) -> Vec<Entity> {
        serde_json::from_str(&entities.to_string()).unwrap()
    }

    fn command(offset: usize, length: usize) -> Value {
        json!([{ "type": "bot_command", "offset": offset, "length": length }])
    }

    /// Returns name, addressed bot and argument.
    fn read(text: &str, marked: &Value) -> Option<(String, Option<String>, String)> {
        let command = Command::read(text, &entities(marked))?;
        Some((command.name, command.bot, command.argument.0))
    }

    #[test]
    fn command_is_read_with_its_bot_and_its_argument() {
        let expect = |name: &str, bot: Option<&str>, argument: &str| {
            Some((name.to_owned(), bot.map(str::to_owned), argument.to_owned()))
        };
        for (text, length, expected) in [
            (
                "/carousel small habits",
                9,
                expect("carousel", None, "small habits"),
            ),
            ("/carousel", 9, expect("carousel", None, "")),
            (
                "/Carousel\n\n😀 שלום ",
                9,
                expect("carousel", None, "😀 שלום"),
            ),
            (
                "/carousel@Slides_Bot topic",
                20,
                expect("carousel", Some("Slides_Bot"), "topic"),
            ),
            ("/start ref_1", 6, expect("start", None, "ref_1")),
        ] {
            assert_eq!(read(text, &command(0, length)), expected, "{text}");
        }
    }

    #[test]
    fn entity_offsets_are_utf16_units() {
        // Its characters take 1, 2, 1 and 1 units, and 2, 4, 3 and 1 bytes.
        let offsets: Vec<_> = (0..7).map(|units| byte_offset("ש😀€a", units)).collect();
        let expected = [Some(0), Some(2), None, Some(6), Some(9), Some(10), None];
        assert_eq!(offsets, expected);
        // An ideographic space is one unit in three bytes.
        let found = read("\u{3000}/my 😀", &command(1, 3));
        assert_eq!(found.unwrap(), ("my".into(), None, "😀".into()));
    }

    #[test]
    fn command_behind_other_text_is_only_mentioned() {
        assert_eq!(read("😀 /my", &command(3, 3)), None);
        assert_eq!(read("try /my", &command(4, 3)), None);
    }

    #[test]
    fn text_is_no_command_when_the_range_is_elsewhere_or_malformed() {
        for marked in [
            json!([]),
            json!([{ "type": "hashtag", "offset": 0, "length": 3 }]),
            json!([{ "type": "bot_command", "offset": -1, "length": 3 }]),
            json!([{ "type": "bot_command", "length": 3 }]),
            json!([{ "type": "bot_command", "offset": 0 }]),
            command(0, 0),
            command(0, 1),
            command(0, 99),
            command(0, usize::MAX),
            command(usize::MAX, usize::MAX),
            command(4, 3),
            command(1, 2),
            command(0, 7),
        ] {
            assert_eq!(read("/my /my", &marked), None, "{marked}");
        }
        let long = format!("/{}", "a".repeat(33));
        assert_eq!(read(&long, &command(0, 34)), None);
    }

    #[test]
    fn command_is_for_the_named_bot_in_any_case() {
        let command = |bot: Option<&str>| Command {
            name: "my".into(),
            bot: bot.map(str::to_owned),
            argument: "".into(),
        };
        assert!(command(None).is_for("SlidesBot"));
        assert!(command(Some("slidesbot")).is_for("SlidesBot"));
        assert!(!command(Some("OtherBot")).is_for("SlidesBot"));
    }

    proptest! {
        #[test]
        fn reading_never_panics_on_any_range(
            text in "[/a@ 😀ש]{0,12}",
            offset in 0_usize..20,
            length in 0_usize..20,
        ) {
            if let Some((name, _, argument)) = read(&text, &command(offset, length)) {
                prop_assert!(!name.is_empty());
                prop_assert!(text.trim_end().ends_with(&argument));
            }
        }
    }
}
