//! Actions of a bot, and the commands that write them.

use confab_core::Result;

use crate::{
    BotStage, ClientMessageId, Command, EmailAddress, HandoffReason, MessageDraft, Offer, Priority,
    TeamId, WriteCondition,
};

/// An action of a bot, and the hands that the conversation must still be in when it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct BotAction {
    pub condition: WriteCondition,
    pub kind: BotActionKind,
}

#[derive(Debug, Clone, PartialEq)]
pub enum BotActionKind {
    /// Fills the visitor's contact. Written beside the conversation.
    SaveContact {
        name: Option<String>,
        email: Option<EmailAddress>,
    },
    Say {
        text: String,
        offer: Offer,
    },
    RecordRule {
        rule: String,
    },
    AddTag {
        tag: String,
    },
    SetPriority {
        priority: Priority,
    },
    SetStage {
        stage: BotStage,
        unknown: u8,
    },
    /// Always the last action: after it the bot is silent.
    HandOff {
        reason: HandoffReason,
        team: Option<TeamId>,
    },
}

/// Returns the commands of actions that were decided over the head with this last number. Decided again, the messages
/// have the same ids.
pub fn commands_of(actions: &[BotAction], last_seq: u64) -> Result<Vec<Command>> {
    let commands = actions.iter().enumerate().filter_map(|(index, action)| {
        let command = match &action.kind {
            BotActionKind::SaveContact { .. } => return None,
            BotActionKind::Say { text, offer } => {
                let id = ClientMessageId::of_bot(last_seq, index);
                let draft = MessageDraft::parse(id.as_str(), text);
                return Some(draft.map(|draft| {
                    Command::Post(MessageDraft {
                        offer: offer.clone(),
                        ..draft
                    })
                }));
            }
            BotActionKind::RecordRule { rule } => Command::RecordRule { rule: rule.clone() },
            BotActionKind::AddTag { tag } => Command::AddTag { tag: tag.clone() },
            BotActionKind::SetPriority { priority } => Command::SetPriority {
                priority: *priority,
            },
            BotActionKind::SetStage { stage, unknown } => Command::SetStage {
                stage: *stage,
                unknown: *unknown,
            },
            BotActionKind::HandOff { reason, team } => Command::HandToHuman {
                reason: *reason,
                team: *team,
            },
        };
        Some(Ok(command))
    });
    commands.collect()
}
