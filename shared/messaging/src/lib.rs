//! Messages of any channel: inbound messages, outbound messages and delivery statuses.
//! Provider crates translate between these types and their wire formats.

use serde::{Deserialize, Serialize};

use confab_core::{CorrelationId, EffectId, Phone, Private, Timestamp, UserId, length};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// WhatsApp through Meta's Cloud API.
    Meta,
    /// WhatsApp through Twilio.
    Twilio,
}

impl Channel {
    pub fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Twilio => "twilio",
        }
    }
}

/// A channel's ids of a person. At least one is present; the phone number of a person with a username may be hidden.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identity {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// Meta's business-scoped user id, `US.1349...`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scoped_id: Option<Private<String>>,
}

impl Identity {
    pub fn is_empty(&self) -> bool {
        self.phone.is_none() && self.scoped_id.is_none()
    }
}

/// The two ends of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Address {
    pub channel: Channel,
    /// Our own end: Meta's phone number id, or the number that Twilio sends from.
    pub business: String,
    pub person: Identity,
}

/// One item of a webhook, which may bring many.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Update {
    Message(Inbound),
    Status(StatusUpdate),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inbound {
    /// The provider's id, which is the same in every copy of the delivery.
    pub id: String,
    pub from: Address,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Private<String>>,
    pub sent_at: Timestamp,
    /// The provider's id of the message that this one answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    pub content: Content,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Content {
    Text {
        text: Private<String>,
    },
    /// One or more files; Twilio may send several in one message.
    Media {
        items: Vec<Media>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caption: Option<Private<String>>,
    },
    /// A tap on a button or a list row that we offered.
    Choice {
        id: String,
        title: String,
    },
    /// `None` removes the reaction.
    Reaction {
        message_id: String,
        emoji: Option<String>,
    },
    NumberChanged {
        new: Identity,
    },
    /// An unknown kind, with the provider's name for it.
    Unsupported {
        what: String,
    },
}

impl Content {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Media { .. } => "media",
            Self::Choice { .. } => "choice",
            Self::Reaction { .. } => "reaction",
            Self::NumberChanged { .. } => "number_changed",
            Self::Unsupported { .. } => "unsupported",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Media {
    /// Meta's media id, or the URL at Twilio.
    pub source: String,
    pub mime_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// A delivery report of a message that we sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatusUpdate {
    /// The provider's id of our message.
    pub message_id: String,
    /// The reference that we attached to the message, if the provider returns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    pub to: Address,
    pub stage: DeliveryStatus,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<MessagePrice>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<DeliveryFailure>,
}

/// The status of a sent message. It only moves forward, whatever the order of the reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// An attempt may have begun; its outcome is unknown.
    Sending,
    Sent,
    /// Below delivered, because one device may fail after another received the message.
    Failed,
    Delivered,
    Read,
}

impl DeliveryStatus {
    pub fn rank(self) -> u8 {
        self as u8
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessagePrice {
    pub billable: bool,
    pub category: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryFailure {
    pub code: i64,
    pub title: String,
}

/// Attached to a message and returned with its statuses: `usr_... eff_... cor_...`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    pub user_id: UserId,
    pub effect_id: EffectId,
    pub correlation_id: CorrelationId,
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} {} {}",
            self.user_id, self.effect_id, self.correlation_id
        )
    }
}

impl std::str::FromStr for Reference {
    type Err = confab_core::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown =
            || confab_core::Error::invalid("unknown_reference", "This is not a reference of ours.");
        let mut parts = text.split(' ');
        let mut next = || parts.next().ok_or_else(unknown);
        let (user, effect, correlation) = (next()?, next()?, next()?);
        Ok(Self {
            user_id: user.parse().map_err(|_| unknown())?,
            effect_id: effect.parse().map_err(|_| unknown())?,
            correlation_id: correlation.parse().map_err(|_| unknown())?,
        })
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outbound {
    pub to: Address,
    pub reference: Reference,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    pub body: Body,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Body {
    Text {
        text: String,
    },
    Image {
        url: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caption: Option<String>,
    },
    Buttons {
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        footer: Option<String>,
        buttons: Vec<Button>,
    },
    List {
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        footer: Option<String>,
        open: String,
        sections: Vec<ListSection>,
    },
    Link {
        text: String,
        label: String,
        url: String,
    },
    Template {
        name: String,
        language: String,
        parameters: Vec<String>,
    },
    Reaction {
        message_id: String,
        emoji: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    pub id: String,
    pub title: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListSection {
    pub title: String,
    pub rows: Vec<ListRow>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRow {
    pub id: String,
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    #[error("{what} has {length} characters, {channel} allows 1 to {limit}")]
    Length {
        what: &'static str,
        length: usize,
        limit: usize,
        channel: &'static str,
    },
    #[error("there are {count} {what}, {channel} allows 1 to {limit}")]
    Count {
        what: &'static str,
        count: usize,
        limit: usize,
        channel: &'static str,
    },
}

/// Limits of a channel. Twilio has no buttons outside of templates, so choices become numbered lines.
struct Limits {
    channel: &'static str,
    text: usize,
    interactive_text: usize,
    list_text: usize,
    caption: usize,
}

const META: Limits = Limits {
    channel: "meta",
    text: 4096,
    interactive_text: 1024,
    list_text: 4096,
    caption: 1024,
};
const TWILIO: Limits = Limits {
    channel: "twilio",
    text: 1600,
    interactive_text: 1600,
    list_text: 1600,
    caption: 1600,
};

impl Limits {
    fn length(&self, what: &'static str, text: &str, limit: usize) -> Result<(), LimitError> {
        let length = length(text);
        if (1..=limit).contains(&length) {
            return Ok(());
        }
        let channel = self.channel;
        Err(LimitError::Length {
            what,
            length,
            limit,
            channel,
        })
    }

    fn count(&self, what: &'static str, count: usize, limit: usize) -> Result<(), LimitError> {
        if (1..=limit).contains(&count) {
            return Ok(());
        }
        let channel = self.channel;
        Err(LimitError::Count {
            what,
            count,
            limit,
            channel,
        })
    }
}

/// Shows the kind alone, because texts contain personal data.
impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Text { .. } => "Text(..)",
            Self::Image { .. } => "Image(..)",
            Self::Buttons { .. } => "Buttons(..)",
            Self::List { .. } => "List(..)",
            Self::Link { .. } => "Link(..)",
            Self::Template { .. } => "Template(..)",
            Self::Reaction { .. } => "Reaction(..)",
        })
    }
}

impl Body {
    /// Checks a body against a channel's limits, before it is saved for sending and for every text of the language packs.
    pub fn check(&self, channel: Channel) -> Result<(), LimitError> {
        let limits = match channel {
            Channel::Meta => META,
            Channel::Twilio => TWILIO,
        };
        match self {
            Self::Text { text } => limits.length("text", text, limits.text),
            Self::Image { caption, .. } => caption.as_deref().map_or(Ok(()), |text| {
                limits.length("caption", text, limits.caption)
            }),
            Self::Buttons {
                text,
                footer,
                buttons,
            } => {
                limits.length("text", text, limits.interactive_text)?;
                check_footer(&limits, footer.as_deref())?;
                limits.count("buttons", buttons.len(), 3)?;
                buttons.iter().try_for_each(|button| {
                    limits.length("button id", &button.id, 256)?;
                    limits.length("button title", &button.title, 20)
                })
            }
            Self::List {
                text,
                footer,
                open,
                sections,
            } => {
                limits.length("text", text, limits.list_text)?;
                check_footer(&limits, footer.as_deref())?;
                limits.length("list button", open, 20)?;
                limits.count("sections", sections.len(), 10)?;
                limits.count("rows", sections.iter().map(|s| s.rows.len()).sum(), 10)?;
                sections
                    .iter()
                    .try_for_each(|section| check_section(&limits, section))
            }
            Self::Link { text, label, .. } => {
                limits.length("text", text, limits.interactive_text)?;
                limits.length("link label", label, 20)
            }
            Self::Template { name, .. } => limits.length("template name", name, 512),
            Self::Reaction { emoji, .. } => limits.length("emoji", emoji, 16),
        }
    }

    /// Returns the choices that the body offers, in the order shown.
    pub fn choices(&self) -> Vec<Button> {
        match self {
            Self::Buttons { buttons, .. } => buttons.clone(),
            Self::List { sections, .. } => sections
                .iter()
                .flat_map(|section| &section.rows)
                .map(|row| Button {
                    id: row.id.clone(),
                    title: row.title.clone(),
                })
                .collect(),
            _ => Vec::new(),
        }
    }
}

fn check_footer(limits: &Limits, footer: Option<&str>) -> Result<(), LimitError> {
    footer.map_or(Ok(()), |text| limits.length("footer", text, 60))
}

fn check_section(limits: &Limits, section: &ListSection) -> Result<(), LimitError> {
    limits.length("section title", &section.title, 20)?;
    section.rows.iter().try_for_each(|row| {
        limits.length("row id", &row.id, 200)?;
        limits.length("row title", &row.title, 24)?;
        row.description
            .as_deref()
            .map_or(Ok(()), |text| limits.length("row description", text, 72))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buttons(count: usize, title: &str) -> Body {
        let button = Button {
            id: "1".into(),
            title: title.into(),
        };
        Body::Buttons {
            text: "Choose".into(),
            footer: None,
            buttons: vec![button; count],
        }
    }

    #[test]
    fn meta_accepts_one_to_three_buttons_of_twenty_characters() {
        assert_eq!(buttons(3, &"ש".repeat(20)).check(Channel::Meta), Ok(()));
        assert!(buttons(4, "x").check(Channel::Meta).is_err());
        assert!(buttons(0, "x").check(Channel::Meta).is_err());
        assert!(buttons(1, &"x".repeat(21)).check(Channel::Meta).is_err());
        assert!(buttons(1, "").check(Channel::Meta).is_err());
    }

    #[test]
    fn lists_have_at_most_ten_rows() {
        let row = ListRow {
            id: "1".into(),
            title: "Row".into(),
            description: None,
        };
        let section = |rows| ListSection {
            title: "Part".into(),
            rows: vec![row.clone(); rows],
        };
        let list = |sections| Body::List {
            text: "Choose".into(),
            footer: None,
            open: "Open".into(),
            sections,
        };
        assert_eq!(
            list(vec![section(5), section(5)]).check(Channel::Meta),
            Ok(())
        );
        assert!(
            list(vec![section(6), section(5)])
                .check(Channel::Meta)
                .is_err()
        );
    }

    #[test]
    fn twilio_accepts_shorter_texts() {
        let text = Body::Text {
            text: "x".repeat(1601),
        };
        assert_eq!(text.check(Channel::Meta), Ok(()));
        assert!(text.check(Channel::Twilio).is_err());
    }

    #[test]
    fn references_survive_a_round_trip_and_others_are_refused() {
        let now = Timestamp::from_second(1_749_416_383).unwrap();
        let reference = Reference {
            user_id: UserId::new(now, &|| [3; 10]),
            effect_id: EffectId::new(now, &|| [1; 10]),
            correlation_id: CorrelationId::new(now, &|| [2; 10]),
        };
        assert_eq!(
            reference.to_string().parse::<Reference>().unwrap(),
            reference
        );
        assert!("order-17".parse::<Reference>().is_err());
    }

    #[test]
    fn delivery_statuses_only_move_forward() {
        assert!(
            DeliveryStatus::Sending < DeliveryStatus::Sent
                && DeliveryStatus::Sent < DeliveryStatus::Failed
        );
        assert!(
            DeliveryStatus::Failed < DeliveryStatus::Delivered
                && DeliveryStatus::Delivered < DeliveryStatus::Read
        );
    }

    #[test]
    fn debug_output_of_updates_hides_the_person() {
        let update = Update::Message(Inbound {
            id: "wamid.1".into(),
            from: Address {
                channel: Channel::Meta,
                business: "1".into(),
                person: Identity {
                    phone: Phone::parse("16505551234").ok(),
                    scoped_id: Some("US.13491208655302741918".into()),
                },
            },
            name: Some("Sheena Nelson".into()),
            sent_at: Timestamp::UNIX_EPOCH,
            reply_to: None,
            content: Content::Text {
                text: "my secret".into(),
            },
        });
        let body = Body::Text {
            text: "Hello Sheena".into(),
        };
        let shown = format!("{update:?} {body:?}");
        for private in ["6505551234", "13491208655302741918", "Sheena", "secret"] {
            assert!(!shown.contains(private), "{shown}");
        }
    }
}
