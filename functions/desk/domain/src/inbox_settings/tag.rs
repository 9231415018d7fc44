//! Tags that are offered for conversations.

use confab_core::{Error, Result};
use serde::{Deserialize, Serialize};

use super::{InboxSetting, InboxSettingKind, check_version};
use crate::{Color, digest::sha256_hex, parse_tag};

/// Letters of the hash that stands for a tag in addresses.
const ID_LETTERS: usize = 16;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct Tag {
    /// Made of the name, so that no two tags have the same.
    pub id: String,
    pub name: String,
    pub color: Option<Color>,
    pub version: u64,
}

/// What admins send. A new tag has no version.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(
    feature = "contract",
    derive(ts_rs::TS, utoipa::ToSchema),
    ts(optional_fields)
)]
#[serde(deny_unknown_fields)]
pub struct TagInput {
    #[serde(default)]
    #[cfg_attr(feature = "contract", ts(as = "Option<u64>"))]
    pub version: u64,
    pub name: String,
    #[serde(default)]
    #[cfg_attr(feature = "contract", ts(optional = nullable))]
    pub color: Option<String>,
}

impl Tag {
    pub fn new(input: &TagInput) -> Result<Self> {
        let name = parse_tag(&input.name)?;
        let color = input.color.as_deref().map(|color| {
            let message = "A color such as #1a73e8 is expected.";
            Color::parse(color).ok_or_else(|| Error::invalid("bad_color", message))
        });
        Ok(Self {
            id: sha256_hex(&name)[..ID_LETTERS].to_owned(),
            name,
            color: color.transpose()?,
            version: 1,
        })
    }

    /// Replaces the color. The name stays, because conversations have it.
    pub fn with_update(&self, input: &TagInput) -> Result<Self> {
        let updated = Self {
            version: self.version + 1,
            ..Self::new(input)?
        };
        if updated.name != self.name {
            let message = "The name of a tag cannot be changed. Add another tag.";
            return Err(Error::invalid("tag_fixed", message));
        }
        if updated.is_same(self) {
            return Ok(self.clone());
        }
        check_version(self.version, input.version)?;
        Ok(updated)
    }
}

impl InboxSetting for Tag {
    const KIND: InboxSettingKind = InboxSettingKind::Tag;

    fn id(&self) -> String {
        self.id.clone()
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn is_same(&self, other: &Self) -> bool {
        (&self.name, &self.color) == (&other.name, &other.color)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(version: u64, name: &str, color: Option<&str>) -> TagInput {
        TagInput {
            version,
            name: name.to_owned(),
            color: color.map(str::to_owned),
        }
    }

    #[test]
    fn spellings_of_one_tag_have_one_id_and_ids_fit_into_addresses() {
        let tag = Tag::new(&input(0, " VIP ", Some("#1a73e8"))).unwrap();
        assert_eq!((tag.name.as_str(), tag.version), ("vip", 1));
        assert_eq!(Tag::new(&input(0, "vip", None)).unwrap().id, tag.id);
        let other = Tag::new(&input(0, "מנוי 1/2", None)).unwrap();
        assert!(other.id != tag.id && other.id.bytes().all(|b| b.is_ascii_hexdigit()));
        let refused = Tag::new(&input(0, "vip", Some("red"))).unwrap_err();
        assert_eq!(refused.code(), "bad_color");
    }

    #[test]
    fn color_is_replaced_under_its_version_and_the_name_stays() {
        let tag = Tag::new(&input(0, "vip", None)).unwrap();
        let colored = tag.with_update(&input(1, "VIP", Some("#1a73e8"))).unwrap();
        assert_eq!(colored.version, 2);
        assert_eq!(
            colored
                .with_update(&input(1, "vip", Some("#1a73e8")))
                .unwrap(),
            colored
        );
        let stale = colored.with_update(&input(1, "vip", None)).unwrap_err();
        assert_eq!(stale.code(), "changed_meanwhile");
        let renamed = tag.with_update(&input(1, "vips", None)).unwrap_err();
        assert_eq!(renamed.code(), "tag_fixed");
    }
}
