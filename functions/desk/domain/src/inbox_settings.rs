//! What a team sets up for its inbox: teams, canned replies, tags and saved views.

mod canned;
mod tag;
mod team;
mod view;

use confab_core::{Error, Result};
use serde::{Serialize, de::DeserializeOwned};

pub use canned::{CannedInput, CannedReply};
pub use tag::{Tag, TagInput};
pub use team::{Team, TeamInput};
pub use view::{SavedView, ViewEditor, ViewInput};

const MAX_SETTING_NAME_CHARS: usize = 60;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InboxSettingKind {
    Team,
    CannedReply,
    Tag,
    View,
}

impl InboxSettingKind {
    pub const ALL: [Self; 4] = [Self::Team, Self::CannedReply, Self::Tag, Self::View];

    /// Returns the name of errors, actions and stored counts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Team => "team",
            Self::CannedReply => "canned_reply",
            Self::Tag => "tag",
            Self::View => "view",
        }
    }

    /// Returns how many a tenant may have.
    pub fn most(self) -> u64 {
        match self {
            Self::Team => 50,
            Self::CannedReply => 500,
            Self::Tag | Self::View => 200,
        }
    }

    /// Returns the error of another one with the same id.
    pub fn taken(self) -> Error {
        let (code, message) = match self {
            Self::Team => ("team_taken", "There is such a team."),
            Self::CannedReply => ("shortcut_taken", "This shortcut is taken."),
            Self::Tag => ("tag_taken", "There is such a tag."),
            Self::View => ("view_taken", "There is such a view."),
        };
        Error::conflict(code, message)
    }

    /// Returns the error of one more than `most`.
    pub fn too_many(self) -> Error {
        let name = match self {
            Self::Team => "teams",
            Self::CannedReply => "canned replies",
            Self::Tag => "tags",
            Self::View => "views",
        };
        let message = format!("A workspace has at most {} {name}.", self.most());
        Error::conflict("too_many", message)
    }
}

/// A stored setting. It has a version, under which it is replaced and deleted.
pub trait InboxSetting: Serialize + DeserializeOwned + Clone + PartialEq + Send + Sync {
    const KIND: InboxSettingKind;

    /// Returns what distinguishes it from others of its kind.
    fn id(&self) -> String;
    fn version(&self) -> u64;

    /// Whether the other one differs in its version at most: a repeated request, whose answer was lost.
    fn is_same(&self, other: &Self) -> bool;
}

/// Checks that the caller has seen the current version.
fn check_version(current: u64, seen: u64) -> Result<()> {
    if current == seen {
        return Ok(());
    }
    let message = "This was changed meanwhile. Load it again.";
    Err(Error::conflict("changed_meanwhile", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_names_of_their_own_and_are_bounded() {
        for kind in InboxSettingKind::ALL {
            let same = InboxSettingKind::ALL
                .iter()
                .filter(|other| other.name() == kind.name());
            assert_eq!(same.count(), 1);
            assert!(kind.too_many().message().contains(&kind.most().to_string()));
        }
    }
}
