//! What an agent changes about a conversation at once.

use confab_core::{Result, Timestamp, UserId};
use serde::{Deserialize, Deserializer};

use super::{Command, ConversationStatus, Head, Refusal, Transition, apply_commands};
use crate::{Author, EndReason, Priority, TeamId, triage::parse_tags};

/// The body of a PATCH. What is absent stays, and `null` removes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ConversationPatch {
    /// The version that the agent saw.
    pub version: u64,
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "contract", ts(optional), schema(value_type = Option<UserId>))]
    pub assignee: Option<Option<UserId>>,
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "contract", ts(optional), schema(value_type = Option<TeamId>))]
    pub team: Option<Option<TeamId>>,
    #[serde(default)]
    #[cfg_attr(feature = "contract", ts(optional))]
    pub priority: Option<Priority>,
    #[serde(default)]
    #[cfg_attr(feature = "contract", ts(optional))]
    pub tags: Option<Vec<String>>,
    /// `null` ends the snooze.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "contract", ts(optional), schema(value_type = Option<Timestamp>))]
    pub snooze_until: Option<Option<Timestamp>>,
    #[serde(default)]
    #[cfg_attr(feature = "contract", ts(optional))]
    pub status: Option<PatchedStatus>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PatchedStatus {
    Bot,
    Open,
    Closed,
}

/// Tells `null` from an absent field.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl ConversationPatch {
    /// Applies all changes to the version that the agent saw, or none.
    pub fn apply(&self, head: &Head, actor: &Author, now: Timestamp) -> Result<Transition> {
        if self.version != head.version {
            return Err(Refusal::ChangedMeanwhile.into());
        }
        Ok(apply_commands(head, &self.commands(head)?, actor, now)?)
    }

    /// Returns the commands in an order in which a change of hands comes first, and a snooze or an end last.
    fn commands(&self, head: &Head) -> Result<Vec<Command>> {
        let mut commands = Vec::new();
        match self.status {
            Some(PatchedStatus::Bot) => commands.push(Command::HandToBot),
            Some(PatchedStatus::Open) => commands.push(Command::Open),
            Some(PatchedStatus::Closed) | None => {}
        }
        if self.snooze_until == Some(None) && head.status == ConversationStatus::Snoozed {
            commands.push(Command::Open);
        }
        commands.extend(self.assignee.map(|assignee| Command::Assign { assignee }));
        commands.extend(self.team.map(|team| Command::SetTeam { team }));
        commands.extend(
            self.priority
                .map(|priority| Command::SetPriority { priority }),
        );
        if let Some(tags) = &self.tags {
            commands.push(Command::SetTags {
                tags: parse_tags(tags)?,
            });
        }
        commands.extend(
            self.snooze_until
                .flatten()
                .map(|until| Command::Snooze { until }),
        );
        if self.status == Some(PatchedStatus::Closed) {
            commands.push(Command::End {
                reason: EndReason::Resolved,
                ask_csat: true,
            });
        }
        Ok(commands)
    }
}
