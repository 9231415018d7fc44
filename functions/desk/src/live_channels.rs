//! Desk's realtime channels: the messages of a conversation, the sockets of a visitor, and the inbox of a tenant.
//!
//! A socket is in one channel from its opening to its end: an agent's in the inbox, a visitor's in that of the visitor.
//! It is put into the channels of conversations by `hello` and `watch`. When it closes, its rows there stay until a
//! post finds the socket gone, or until they expire.

use std::{collections::BTreeSet, fmt, str::FromStr};

use confab_core::{CorrelationId, Error, Result, TenantId, UserId};
use confab_live::{Channel, ChannelReader, Frames, Partition, PostedMessage, Recipients};
use desk_domain::{ByeReason, ConversationId, ServerFrame, VisitorId};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{services::live_updates::LiveUpdate, store::partition};

/// What sockets subscribe to. A visitor's socket is in the channel of the visitor and in those of the conversations; an
/// agent's socket is in the inbox and in the conversations that the agent watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum LiveChannel {
    Inbox {
        tenant: TenantId,
    },
    Visitor {
        tenant: TenantId,
        visitor: VisitorId,
    },
    Conversation {
        tenant: TenantId,
        conversation: ConversationId,
    },
}

impl LiveChannel {
    pub(crate) fn tenant(&self) -> TenantId {
        match self {
            Self::Inbox { tenant }
            | Self::Visitor { tenant, .. }
            | Self::Conversation { tenant, .. } => *tenant,
        }
    }

    fn part(&self) -> String {
        match self {
            Self::Inbox { .. } => "LIVE".to_owned(),
            Self::Visitor { visitor, .. } => format!("VIS#{visitor}"),
            Self::Conversation { conversation, .. } => format!("CONV#{conversation}"),
        }
    }
}

/// The FIFO group of the channel's broadcasts.
impl fmt::Display for LiveChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&partition(self.tenant(), self.part()))
    }
}

/// Who has a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Party {
    Agent(UserId),
    Visitor(VisitorId),
}

impl Party {
    /// Returns the channel in which the sockets of the party are from their opening to their end.
    pub(crate) fn channel(self, tenant: TenantId) -> LiveChannel {
        match self {
            Self::Agent(_) => LiveChannel::Inbox { tenant },
            Self::Visitor(visitor) => LiveChannel::Visitor { tenant, visitor },
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent(user) => user.fmt(f),
            Self::Visitor(visitor) => visitor.fmt(f),
        }
    }
}

impl FromStr for Party {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if let Ok(user) = text.parse() {
            return Ok(Self::Agent(user));
        }
        Ok(Self::Visitor(text.parse()?))
    }
}

impl Serialize for Party {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Party {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map_err(|_| serde::de::Error::custom("the id of a person or visitor is expected"))
    }
}

/// Why a socket is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SocketEnd {
    SignedOut,
    Blocked,
    Suspended,
}

impl From<SocketEnd> for ByeReason {
    fn from(end: SocketEnd) -> Self {
        match end {
            SocketEnd::SignedOut => Self::SignedOut,
            SocketEnd::Blocked => Self::Blocked,
            SocketEnd::Suspended => Self::Suspended,
        }
    }
}

#[derive(Debug)]
pub(crate) enum LiveChannels {}

impl Channel for LiveChannels {
    type Id = LiveChannel;
    type User = Party;
    type Reason = SocketEnd;
    type Update = LiveUpdate;

    fn connections(channel: &LiveChannel) -> Partition {
        let prefix = match channel {
            LiveChannel::Inbox { .. } => "",
            LiveChannel::Visitor { .. } | LiveChannel::Conversation { .. } => "LIVE#",
        };
        Partition::new(channel.to_string(), prefix)
    }

    fn removals(channel: &LiveChannel) -> Partition {
        Partition::new(
            partition(channel.tenant(), format!("GONE#{}", channel.part())),
            "",
        )
    }

    fn posted_message(update: &LiveUpdate) -> Option<PostedMessage> {
        update.posted_message()
    }

    fn is_transient(update: &LiveUpdate) -> bool {
        update.is_transient()
    }

    fn render(updates: &[LiveUpdate]) -> Result<Frames<Party>> {
        crate::services::live_updates::render(updates)
    }

    fn farewell(reason: &SocketEnd) -> Result<Vec<u8>> {
        ServerFrame::Bye {
            reason: (*reason).into(),
        }
        .render()
    }
}

/// What broadcasts read besides connections: nothing. Parties are removed by their ids, and no channel is so busy that
/// messages wait for each other.
#[derive(Debug)]
pub(crate) struct ConnectionsAlone;

impl ChannelReader<LiveChannels> for ConnectionsAlone {
    async fn members(
        &self,
        _: &LiveChannel,
        parties: &[Party],
        _: CorrelationId,
    ) -> Result<BTreeSet<Party>> {
        Ok(parties.iter().copied().collect())
    }

    async fn messages_from(
        &self,
        _: &LiveChannel,
        _: u64,
        _: usize,
        _: CorrelationId,
    ) -> Result<Vec<LiveUpdate>> {
        Ok(Vec::new())
    }
}

/// Removes the sockets of one party, or all, that were opened with tickets until then.
pub(crate) fn recipients(party: Option<Party>) -> Recipients<Party> {
    party.map_or(Recipients::Everyone, Recipients::User)
}
