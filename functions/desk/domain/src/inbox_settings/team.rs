//! Teams, to which conversations are assigned.

use confab_core::Result;
use serde::{Deserialize, Serialize};

use super::{InboxSetting, InboxSettingKind, MAX_SETTING_NAME_CHARS, check_version};
use crate::{TeamId, text::parse_name};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct Team {
    pub id: TeamId,
    pub name: String,
    pub version: u64,
}

/// What admins send. A new team has no version.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(
    feature = "contract",
    derive(ts_rs::TS, utoipa::ToSchema),
    ts(optional_fields)
)]
#[serde(deny_unknown_fields)]
pub struct TeamInput {
    #[serde(default)]
    #[cfg_attr(feature = "contract", ts(as = "Option<u64>"))]
    pub version: u64,
    pub name: String,
}

impl Team {
    pub fn new(id: TeamId, input: &TeamInput) -> Result<Self> {
        Ok(Self {
            id,
            name: parse_name(&input.name, MAX_SETTING_NAME_CHARS)?,
            version: 1,
        })
    }

    pub fn with_update(&self, input: &TeamInput) -> Result<Self> {
        let updated = Self {
            version: self.version + 1,
            ..Self::new(self.id, input)?
        };
        if updated.is_same(self) {
            return Ok(self.clone());
        }
        check_version(self.version, input.version)?;
        Ok(updated)
    }
}

impl InboxSetting for Team {
    const KIND: InboxSettingKind = InboxSettingKind::Team;

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn is_same(&self, other: &Self) -> bool {
        (self.id, &self.name) == (other.id, &other.name)
    }
}

#[cfg(test)]
mod tests {
    use confab_core::Timestamp;

    use super::*;

    fn input(version: u64, name: &str) -> TeamInput {
        TeamInput {
            version,
            name: name.to_owned(),
        }
    }

    #[test]
    fn teams_are_renamed_under_their_version_and_repeated_names_change_nothing() {
        let id = TeamId::new(Timestamp::UNIX_EPOCH, &|| [1; 10]);
        let team = Team::new(id, &input(0, " First  line ")).unwrap();
        assert_eq!((team.name.as_str(), team.version), ("First line", 1));
        let renamed = team.with_update(&input(1, "Sales")).unwrap();
        assert_eq!((renamed.name.as_str(), renamed.version), ("Sales", 2));
        assert_eq!(renamed.with_update(&input(1, "Sales")).unwrap(), renamed);
        let stale = renamed.with_update(&input(1, "Support")).unwrap_err();
        assert_eq!(stale.code(), "changed_meanwhile");
        assert!(Team::new(id, &input(0, " ")).is_err());
    }
}
