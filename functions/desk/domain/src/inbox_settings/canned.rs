//! Canned replies, which agents insert by a shortcut.

use confab_core::{Error, Result};
use serde::{Deserialize, Serialize};

use super::{InboxSetting, InboxSettingKind, check_version};
use crate::{MAX_TEXT_CHARS, TeamId, text::parse_paragraphs};

const MAX_SHORTCUT_LETTERS: usize = 32;
/// What clients fill in when an agent inserts the reply.
const PLACEHOLDERS: [&str; 4] = [
    "visitor.name",
    "visitor.email",
    "agent.name",
    "workspace.name",
];

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct CannedReply {
    /// Distinguishes the reply, so that no two have the same.
    pub shortcut: String,
    /// May have placeholders such as `{{visitor.name}}`.
    pub text: String,
    /// The team that uses it; `None` is all.
    pub team: Option<TeamId>,
    pub version: u64,
}

/// What admins send. A new reply has no version.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(
    feature = "contract",
    derive(ts_rs::TS, utoipa::ToSchema),
    ts(optional_fields)
)]
#[serde(deny_unknown_fields)]
pub struct CannedInput {
    #[serde(default)]
    #[cfg_attr(feature = "contract", ts(as = "Option<u64>"))]
    pub version: u64,
    pub shortcut: String,
    pub text: String,
    #[serde(default)]
    #[cfg_attr(feature = "contract", ts(optional = nullable))]
    pub team: Option<TeamId>,
}

impl CannedReply {
    pub fn new(input: &CannedInput) -> Result<Self> {
        let text = parse_paragraphs(&input.text, MAX_TEXT_CHARS)?;
        let text = text.ok_or_else(|| Error::invalid("text_missing", "Enter the text."))?;
        check_placeholders(&text)?;
        Ok(Self {
            shortcut: parse_shortcut(&input.shortcut)?,
            text,
            team: input.team,
            version: 1,
        })
    }

    /// Replaces text and team. The shortcut stays: it is the name by which the reply is found.
    pub fn with_update(&self, input: &CannedInput) -> Result<Self> {
        let updated = Self {
            version: self.version + 1,
            ..Self::new(input)?
        };
        if updated.shortcut != self.shortcut {
            let message = "A shortcut cannot be changed. Add another canned reply.";
            return Err(Error::invalid("shortcut_fixed", message));
        }
        if updated.is_same(self) {
            return Ok(self.clone());
        }
        check_version(self.version, input.version)?;
        Ok(updated)
    }
}

fn parse_shortcut(text: &str) -> Result<String> {
    let shortcut = text.trim_start_matches('/').to_ascii_lowercase();
    let is_allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b);
    if (1..=MAX_SHORTCUT_LETTERS).contains(&shortcut.len()) && shortcut.bytes().all(is_allowed) {
        return Ok(shortcut);
    }
    let message = format!(
        "A shortcut has 1 to {MAX_SHORTCUT_LETTERS} letters a to z, digits, hyphens and underscores."
    );
    Err(Error::invalid("bad_shortcut", message))
}

/// Refuses a placeholder that no client fills in.
fn check_placeholders(text: &str) -> Result<()> {
    let names = text.split("{{").skip(1);
    for name in names
        .filter_map(|rest| rest.split_once("}}"))
        .map(|(name, _)| name.trim())
    {
        if !PLACEHOLDERS.contains(&name) {
            let message = format!("Placeholders are {}.", PLACEHOLDERS.join(", "));
            return Err(Error::invalid("bad_placeholder", message));
        }
    }
    Ok(())
}

impl InboxSetting for CannedReply {
    const KIND: InboxSettingKind = InboxSettingKind::CannedReply;

    fn id(&self) -> String {
        self.shortcut.clone()
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn is_same(&self, other: &Self) -> bool {
        (&self.shortcut, &self.text, self.team) == (&other.shortcut, &other.text, other.team)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(version: u64, shortcut: &str, text: &str) -> CannedInput {
        CannedInput {
            version,
            shortcut: shortcut.to_owned(),
            text: text.to_owned(),
            team: None,
        }
    }

    fn code(result: Result<CannedReply>) -> String {
        result.unwrap_err().code().to_owned()
    }

    #[test]
    fn shortcuts_are_letters_of_addresses() {
        let reply = CannedReply::new(&input(0, "/Hello_1", "Hello!")).unwrap();
        assert_eq!(reply.shortcut, "hello_1");
        for odd in ["", "/", "a b", "שלום", "a/b", "a#b", &"x".repeat(33)] {
            assert_eq!(
                code(CannedReply::new(&input(0, odd, "Hi"))),
                "bad_shortcut",
                "{odd}"
            );
        }
    }

    #[test]
    fn unknown_placeholders_are_refused_and_braces_stay_text() {
        let new = |text: &str| CannedReply::new(&input(0, "hi", text));
        for good in [
            "Hi {{visitor.name}}!",
            "{{ agent.name }}",
            "{ a }",
            "{{ open",
            "}}",
        ] {
            assert_eq!(new(good).unwrap().text, good);
        }
        for odd in ["{{name}}", "{{visitor.name}} {{}}", "{{visitor.card}}"] {
            assert_eq!(code(new(odd)), "bad_placeholder", "{odd}");
        }
        assert_eq!(code(new(" \n")), "text_missing");
        assert_eq!(code(new(&"x".repeat(MAX_TEXT_CHARS + 1))), "text_too_long");
    }

    #[test]
    fn text_is_replaced_under_its_version_and_the_shortcut_stays() {
        let reply = CannedReply::new(&input(0, "hi", "Hi")).unwrap();
        let updated = reply.with_update(&input(1, "hi", "Hello")).unwrap();
        assert_eq!((updated.text.as_str(), updated.version), ("Hello", 2));
        assert_eq!(
            updated.with_update(&input(1, "hi", "Hello")).unwrap(),
            updated
        );
        assert_eq!(
            code(updated.with_update(&input(1, "hi", "Hey"))),
            "changed_meanwhile"
        );
        assert_eq!(
            code(reply.with_update(&input(1, "hello", "Hi"))),
            "shortcut_fixed"
        );
    }
}
