//! How conversations are sorted: priority, tags, and whether one that has ended may go on.

use std::{collections::BTreeSet, time::Duration};

use confab_core::{Error, Result, Timestamp, after, length};
use serde::{Deserialize, Serialize};

use crate::text::clean_line;

pub const MAX_TAGS: usize = 20;
const MAX_TAG_CHARS: usize = 40;
const REOPEN_WEEK: Duration = Duration::from_secs(7 * 24 * 3_600);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    Low,
    #[default]
    Normal,
    High,
    Urgent,
}

/// Whether a visitor's message reopens a conversation that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReopenPolicy {
    #[default]
    Always,
    /// For seven days after the end.
    Week,
    Never,
}

impl ReopenPolicy {
    pub fn allows(self, ended_at: Timestamp, now: Timestamp) -> bool {
        match self {
            Self::Always => true,
            Self::Week => now < after(ended_at, REOPEN_WEEK),
            Self::Never => false,
        }
    }
}

/// Normalizes a tag: one line in lower case.
pub fn parse_tag(text: &str) -> Result<String> {
    let tag = clean_line(text).to_lowercase();
    if !(1..=MAX_TAG_CHARS).contains(&length(&tag)) {
        return Err(Error::invalid("bad_tag", "A tag has 1 to 40 characters."));
    }
    Ok(tag)
}

/// Normalizes the tags of a conversation. Copies are one tag.
pub fn parse_tags(texts: &[String]) -> Result<BTreeSet<String>> {
    let tags: BTreeSet<_> = texts
        .iter()
        .map(|text| parse_tag(text))
        .collect::<Result<_>>()?;
    if tags.len() > MAX_TAGS {
        return Err(Error::invalid(
            "too_many_tags",
            "A conversation can have at most 20 tags.",
        ));
    }
    Ok(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_normalized_and_bounded() {
        let tags = |count: usize| (0..count).map(|n| format!("Tag {n}")).collect::<Vec<_>>();
        assert_eq!(parse_tag(" VIP\u{202e} ").unwrap(), "vip");
        assert_eq!(parse_tags(&["VIP".into(), "vip ".into()]).unwrap().len(), 1);
        assert_eq!(parse_tags(&tags(20)).unwrap().len(), 20);
        assert_eq!(parse_tags(&tags(21)).unwrap_err().code(), "too_many_tags");
        for text in ["", "\u{200b}", &"x".repeat(41)] {
            assert_eq!(parse_tag(text).unwrap_err().code(), "bad_tag");
        }
    }

    #[test]
    fn reopening_ends_after_a_week() {
        let at = |second| Timestamp::from_second(second).unwrap();
        assert!(ReopenPolicy::Week.allows(at(0), at(604_799)));
        assert!(!ReopenPolicy::Week.allows(at(0), at(604_800)));
        assert!(ReopenPolicy::Always.allows(at(0), Timestamp::MAX));
        assert!(!ReopenPolicy::Never.allows(at(0), at(0)));
    }
}
