//! The rows of Desk on DynamoDB. Only this module knows the key layout. Every key of tenant data begins with
//! `T#<tenant>`, in the table and in its indexes, and only `Tenant` makes such keys. Global rows point to tenants and
//! hold nothing of them.
//!
//! | pk | sk | row |
//! |---|---|---|
//! | `T#<tenant>` | `TENANT` | the tenant, its settings and counts |
//! | `T#<tenant>` | `MEMBER#usr_..` | a member |
//! | `T#<tenant>` | `INVITE#inv_..` | an invitation |
//! | `T#<tenant>` | `INVITED#<sha256>` | the open invitation of an address |
//! | `T#<tenant>` | `KEY#key_..` | an API key |
//! | `T#<tenant>` | `BOT#bot_..` | the name and live deployment of a bot, for lists |
//! | `T#<tenant>` | `START#usr_..#<client id>` | the conversation that an agent began |
//! | `T#<tenant>` | `TEAM#..`, `CANNED#..`, `TAG#..`, `VIEW#..`, `HOURS` | settings of the inbox |
//! | `T#<tenant>` | `SETTINGS` | how many settings of each kind there are |
//! | `T#<tenant>#BOT#<bot>` | `DRAFT`, `DEPLOY#<number>`, `LIVE` | the settings of a bot and its deployments |
//! | `T#<tenant>#BOT#<bot>` | `HASH#<sha256>` | the deployment with this content |
//! | `T#<tenant>#BOT#<bot>` | `IDENTITY` | the generations of the identity secret |
//! | `T#<tenant>#CONV#<conversation>` | `HEAD` | everything of a conversation but its messages |
//! | `T#<tenant>#CONV#<conversation>` | `MSG#<seq>` | a message, note or event |
//! | `T#<tenant>#CONV#<conversation>` | `SAID#<author>#<client id>` | idempotency key of a message: its number |
//! | `T#<tenant>#CONV#<conversation>` | `DRAFT#usr_..` | what an agent has typed |
//! | `T#<tenant>#CONV#<conversation>` | `FILE#upl_..` | an uploaded file; `dpk` until it belongs to a message |
//! | `T#<tenant>#CONV#<conversation>` | `MENTION#usr_..` | the conversation in an agent's list of mentions |
//! | `T#<tenant>#CONV#<conversation>` | `LIVE#<ticket>` | a connection that receives the messages |
//! | `T#<tenant>#VIS#<visitor>` | `VISITOR`, `CONV#cnv_..`, `LIVE#<ticket>` | a contact, its conversations, its connections |
//! | `T#<tenant>#VIS#<visitor>` | `START#<client id>`, `DAY#<date>` | the conversation that a client began; how many a day |
//! | `T#<tenant>#VIS#<visitor>` | `ONLINE` | the last sign of life of a visitor |
//! | `T#<tenant>#ALIAS#<hash>` | `VISITOR` | external id or verified address of a visitor |
//! | `T#<tenant>` | `ONLINE` | the last count of agents who are online |
//! | `T#<tenant>#LIVE` | ticket | a connection of an agent |
//! | `T#<tenant>#GONE#..` | party | a removal whose connections are still to be closed, of a channel |
//! | `T#<tenant>#USE` | `2026-11`, `NOW` | usage that limits count |
//! | `T#<tenant>#USE` | `SOCKETS#2026-11-29T12` | sockets that were opened in an hour and are still open |
//! | `T#<tenant>#RUN` | `run_..` | a setup and its steps |
//! | `T#<tenant>#AUDIT#<month>` | time and id | an entry of the audit |
//! | `T#<tenant>#ONCE` | route and key | the answer that an `Idempotency-Key` got |
//! | `U#usr_..` | `PERSON`, `SESSION#ses_..` | a person, and the index of their sessions |
//! | `U#usr_..` | `ONCE#..` | the answer to an `Idempotency-Key` of a person outside of a tenant |
//! | `E#<sha256>` | `PERSON` | the person with an address; without one the latest sign-up |
//! | `F#ses_..` | `FAMILY` | a session |
//! | `K#key_..` | `KEY` | the tenant of an API key |
//! | `D#<deployment key>` | `BOT` | the tenant and bot of a deployment key |
//! | `S#<slug>` | `TENANT` | the tenant with an address name |
//! | `P#AUDIT#<month>` | time and id | that an operator has read the list of tenants, or appointed another one |
//! | `P#TENANTS` | `ten_..` | a tenant in the list of operators: its slug, status and plan, and nothing that it has |
//!
//! The list of operators is one partition: it is written once a tenant, and when a status or plan changes.
//!
//! Index `ByList`: `gpk` is `T#<tenant>#INBOX#..`, `T#<tenant>#PEOPLE` or, for other contacts, `T#<tenant>#VISITORS`;
//! `gsk` is a list key. Index `Due`: `dpk` is
//! `DUE#<0-15>`, `dsk` the time; only `desk-sweep` reads it.

mod api_keys;
mod audit;
mod bots;
mod contact_changes;
mod contact_lists;
mod contacts;
mod conversation_lists;
mod conversations;
mod drafts;
mod due;
mod erasure;
mod invitations;
mod keys;
mod members;
mod messages;
mod once;
mod people;
mod presence;
mod runs;
mod sessions;
mod settings;
mod sockets;
mod starts;
mod tenants;
mod uploads;
mod usage;

use std::{fmt, sync::Arc};

use aws_sdk_dynamodb::types::AttributeValue;
use confab_aws::{RateLimit, Table};
use confab_core::{Clock, Error, Result};
use confab_live::{Connections, Removals};
use desk_domain::Rate;
use serde::Serialize;

use crate::{auth::TenantGrant, live_channels::LiveChannels};

pub(crate) use api_keys::{KeyCreation, KeyDeletion};
pub(crate) use audit::{AuditActor, AuditEntry, AuditRecord, Authority, OperatorVisit};
pub(crate) use bots::{BotCreation, BotSummary};
pub(crate) use conversations::{ConversationWrite, OpenedConversation};
pub(crate) use drafts::SavedDraft;
pub(crate) use due::{DUE_SHARDS, DueKey, DueSubject};
pub(crate) use invitations::{AcceptedInvitation, InvitationOutcome};
pub(crate) use keys::{Tenant, partition};
pub(crate) use members::{MemberOutcome, MembershipWrite};
pub(crate) use once::{OnceAnswer, OnceClaim, OnceRecord, OnceScope};
pub(crate) use settings::{HoursRecord, SettingOutcome};
pub(crate) use starts::{NewConversationWrite, StartOutcome};
pub(crate) use tenants::{NewTenant, TenantCreation, TenantSummary};

pub(crate) struct Store {
    table: Table,
    clock: Arc<dyn Clock>,
    pub(crate) connections: Connections<LiveChannels>,
    pub(crate) removals: Removals<LiveChannels>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table.fmt(f)
    }
}

impl Store {
    pub(crate) fn new(table: Table, clock: Arc<dyn Clock>) -> Self {
        Self {
            connections: Connections::new(table.clone(), clock.clone()),
            removals: Removals::new(table.clone(), clock.clone()),
            table,
            clock,
        }
    }

    /// Opens the rows of a tenant.
    pub(crate) fn tenant(&self, grant: TenantGrant) -> Tenant<'_> {
        Tenant::new(self, grant)
    }

    /// Ok when the table exists and takes writes.
    pub(crate) async fn check(&self) -> Result<()> {
        self.table.check().await
    }

    /// Takes one token of a rate limit, such as `login#<hash>`.
    pub(crate) async fn take_token(&self, rate: Rate, key: &str) -> Result<()> {
        let limit = RateLimit {
            burst: rate.burst,
            every: rate.every,
        };
        limit.take(&self.table, key, self.clock.now()).await
    }
}

/// Renders a value as an attribute of a row.
fn to_attribute<T: Serialize>(value: &T) -> Result<AttributeValue> {
    serde_dynamo::to_attribute_value(value).map_err(|e| Error::internal("render_failed", e))
}
