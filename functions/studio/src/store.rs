//! The studio's rows on DynamoDB. The only file that knows the key layout:
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `USER#usr_..` | `USER` | the person, with a version |
//! | `USER#usr_..` | `MSG#<ms>#msg_..` | a message of theirs |
//! | `USER#usr_..` | `MSG#<ms>#eff_..` | a message of ours, and what became of it |
//! | `ALIAS#phone#1650..`, `ALIAS#meta#US.1..` | `ALIAS` | who writes under this number or name |
//! | `INBOX#meta#wamid..` | `INBOX` | the inbox, see `confab_aws::Inbox` |

use std::{
    collections::HashMap,
    iter,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_sdk_dynamodb::{
    operation::update_item::UpdateItemError,
    types::{AttributeValue, TransactWriteItem},
};
use confab_aws::{Inbox, Row, Table, When, failed, number, text};
use confab_kernel::{
    Clock, CorrelationId, EffectId, Entropy, Error, MessageId, Result, Timestamp, UserId,
    messaging::{Address, Body, Content, Failure, Inbound, Outbound, Price, Reference, Stage, Status},
    worker::{Effect, Found, Ledger, Outcome, Read, Saved},
};
use serde::{Deserialize, Serialize};
use studio_domain::{Alias, Lead, Link, Recognised, User, aliases, event_of, recognise};

/// Messages are history, not records: two weeks, as the weekly cleanup promises.
const MESSAGES_KEPT: Duration = Duration::from_secs(14 * 24 * 3600);
const LONGEST_MERGER: usize = 20;

#[derive(Clone)]
pub(crate) struct Store {
    table: Table,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    met: Met,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.table.fmt(f)
    }
}

/// Whom this process met under which alias: a guess, with which a person's row is read along with the alias that leads
/// to it. The alias is what is believed.
#[derive(Clone, Default)]
struct Met(Arc<Mutex<HashMap<Alias, UserId>>>);

/// A conversation's messages follow each other closely, so only the latest people matter.
const MOST_MET: usize = 1_000;

impl Met {
    fn guess(&self, aliases: &[Alias]) -> Option<UserId> {
        let met = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        aliases.iter().find_map(|alias| met.get(alias).copied())
    }

    fn remember(&self, aliases: Vec<Alias>, id: UserId) {
        let mut met = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if met.len() >= MOST_MET {
            met.clear();
        }
        met.extend(aliases.into_iter().map(|alias| (alias, id)));
    }
}

/// A message to answer, and the trace that it belongs to.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) message: Inbound,
    pub(crate) correlation_id: CorrelationId,
}

/// Who wrote, as far as we know.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) user: Option<User>,
    /// The version of the user's row; 0 without one.
    version: u64,
    recognised: Recognised,
    /// Rows of the same person under other ids, to be marked as such.
    merged: Vec<UserRow>,
}

impl Person {
    /// Whom the aliases lead to, whether or not there is a row of theirs.
    pub(crate) fn id(&self) -> Option<UserId> {
        self.recognised.person
    }
}

/// A message of ours, before it has an id.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    pub(crate) user_id: UserId,
    pub(crate) correlation_id: CorrelationId,
    pub(crate) to: Address,
    pub(crate) body: Body,
}

impl Reply {
    pub(crate) fn outbound(&self, effect_id: EffectId) -> Outbound {
        let Self { user_id, correlation_id, to, body } = self.clone();
        let reference = Reference { user_id, effect_id, correlation_id };
        Outbound { to, reference, reply_to: None, body }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct UserRow {
    version: u64,
    /// The same person, who is known under this id from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    merged_into: Option<UserId>,
    #[serde(flatten)]
    user: User,
}

#[derive(Serialize)]
struct InRow<'a> {
    direction: &'static str,
    id: MessageId,
    provider_id: &'a str,
    correlation_id: CorrelationId,
    from: &'a Address,
    sent_at: Timestamp,
    content: &'a Content,
    expires_at: i64,
}

#[derive(Serialize, Deserialize)]
struct OutRow {
    direction: String,
    id: EffectId,
    user_id: UserId,
    correlation_id: CorrelationId,
    to: Address,
    body: Body,
    stage: Stage,
    stage_rank: u8,
    expires_at: i64,
}

fn user_pk(id: UserId) -> String {
    format!("USER#{id}")
}

fn user_key(id: UserId) -> Row {
    Table::key(user_pk(id), "USER")
}

fn message_sk(at: Timestamp, id: impl std::fmt::Display) -> String {
    format!("MSG#{:013}#{id}", at.as_millisecond())
}

fn sent_key(user_id: UserId, effect_id: EffectId) -> Row {
    Table::key(user_pk(user_id), message_sk(effect_id.made_at(), effect_id))
}

fn alias_pk(alias: &Alias) -> String {
    match alias {
        Alias::Phone(phone) => format!("ALIAS#phone#{}", phone.digits()),
        Alias::Scoped(channel, id) => format!("ALIAS#{}#{}", channel.name(), id.as_str()),
    }
}

fn alias_key(alias: &Alias) -> Row {
    Table::key(alias_pk(alias), "ALIAS")
}

impl Store {
    pub(crate) fn new(table: Table, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { table, clock, entropy, met: Met::default() }
    }

    /// What a provider reports of a message of ours, and whether it is news. Reports come in any order, and any number of times.
    pub(crate) async fn follow(&self, status: &Status) -> Result<bool> {
        let Some(reference) = status.reference else {
            // Not sent by us: the number may serve another system too.
            return Ok(false);
        };
        let key = sent_key(reference.user_id, reference.effect_id);
        let told = Told {
            stage: status.stage,
            message_id: Some(&status.message_id),
            price: status.price.as_ref(),
            error: status.error.as_ref(),
        };
        self.advance(key, &told).await
    }

    /// Moves a message of ours to a later stage, and says whether it did; an earlier one changes nothing.
    async fn advance(&self, key: Row, told: &Told<'_>) -> Result<bool> {
        let mut update = self
            .table
            .client
            .update_item()
            .table_name(&self.table.name)
            .set_key(Some(key))
            .condition_expression("attribute_exists(pk) AND stage_rank < :rank")
            .expression_attribute_values(":rank", number(told.stage.rank()));
        // From now on it is history.
        update = update.expression_attribute_values(":expiry", number(expiry(self.clock.now())));
        let mut sets = vec!["stage_rank = :rank".to_owned(), "expires_at = :expiry".to_owned()];
        for (name, value) in told.attributes()? {
            sets.push(format!("#{name} = :{name}"));
            update = update
                .expression_attribute_names(format!("#{name}"), name)
                .expression_attribute_values(format!(":{name}"), value);
        }
        let updated = update.update_expression(format!("SET {}", sets.join(", "))).send().await;
        match updated {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(failed(error)),
            },
        }
    }

    async fn effects(&self, inbox: &Inbox) -> Result<Vec<Effect<Reply>>> {
        if inbox.effects.is_empty() {
            return Ok(Vec::new());
        }
        let owner: UserId = inbox.owner.parse().map_err(|e| Error::internal("unreadable_row", e))?;
        let keys = inbox.effects.iter().map(|id| sent_key(owner, *id)).collect();
        let rows = self.table.rows(keys, Read::Latest).await?;
        let rows = rows.into_iter().map(Table::read::<OutRow>).collect::<Result<Vec<_>>>()?;
        // A batch comes in any order, messages go out in the order of the decision. A row is kept as long as its entry in
        // the inbox until it is settled: one that is gone was.
        let mut rows: HashMap<_, _> = rows.into_iter().map(|row| (row.id, row)).collect();
        Ok(inbox.effects.iter().filter_map(|id| rows.remove(id)).map(OutRow::effect).collect())
    }

    fn put_user(&self, row: &UserRow) -> Result<TransactWriteItem> {
        let next = UserRow { version: row.version + 1, ..row.clone() };
        self.table.put(Table::row(user_pk(row.user.id), "USER", &next)?, When::version(row.version))
    }

    fn put_alias(&self, link: &Link, user_id: UserId) -> Result<TransactWriteItem> {
        let lead = Lead { user_id, scoped_id: link.scoped_id.clone() };
        let when = link.was.as_ref().map_or_else(When::new, leads_to);
        self.table.put(Table::row(alias_pk(&link.alias), "ALIAS", &lead)?, when)
    }

    fn put_received(&self, event: &Event, user_id: UserId, now: Timestamp) -> Result<TransactWriteItem> {
        let id = MessageId::new(now, &*self.entropy);
        let row = InRow {
            direction: "in",
            id,
            provider_id: &event.message.id,
            correlation_id: event.correlation_id,
            from: &event.message.from,
            sent_at: event.message.sent_at,
            content: &event.message.content,
            expires_at: expiry(now),
        };
        self.table.put(Table::row(user_pk(user_id), message_sk(now, id), &row)?, When::always())
    }

    fn put_sent(&self, effect: &Effect<Reply>, now: Timestamp) -> Result<TransactWriteItem> {
        let Reply { user_id, correlation_id, to, body } = &effect.what;
        body.check(to.channel).map_err(|e| Error::internal("text_too_long", e))?;
        let row = OutRow {
            direction: "out".to_owned(),
            id: effect.id,
            user_id: *user_id,
            correlation_id: *correlation_id,
            to: to.clone(),
            body: body.clone(),
            stage: Stage::Sending,
            stage_rank: Stage::Sending.rank(),
            expires_at: Inbox::expiry(now),
        };
        let mut item: Row = Table::row("", "", &row)?;
        item.extend(sent_key(*user_id, effect.id));
        self.table.put(item, When::always())
    }
}

/// The id that a person goes by now.
fn current(known: &HashMap<UserId, Option<UserRow>>, id: UserId) -> UserId {
    let merged_into = |id: &UserId| known.get(id)?.as_ref()?.merged_into;
    // Mergers lead to older ids; more than a few of one person are a loop.
    iter::successors(Some(id), merged_into).take(LONGEST_MERGER).last().unwrap_or(id)
}

/// An alias is written only while it leads where it was seen to lead.
fn leads_to(was: &Lead) -> When {
    When::holds("user_id = :was").with(":was", text(was.user_id.to_string()))
}

fn expiry(now: Timestamp) -> i64 {
    now.as_second() + MESSAGES_KEPT.as_secs().cast_signed()
}

impl OutRow {
    fn effect(self) -> Effect<Reply> {
        Effect {
            id: self.id,
            settled: self.stage != Stage::Sending,
            what: Reply { user_id: self.user_id, correlation_id: self.correlation_id, to: self.to, body: self.body },
        }
    }
}

/// What is known of a message of ours from now on.
struct Told<'a> {
    stage: Stage,
    message_id: Option<&'a str>,
    price: Option<&'a Price>,
    error: Option<&'a Failure>,
}

impl Told<'_> {
    fn attributes(&self) -> Result<Vec<(&'static str, AttributeValue)>> {
        fn render<T: Serialize>(name: &'static str, value: &T) -> Result<(&'static str, AttributeValue)> {
            let value = serde_dynamo::to_attribute_value(value).map_err(|e| Error::internal("render_failed", e))?;
            Ok((name, value))
        }
        let stage = Some(render("stage", &self.stage));
        let message_id = self.message_id.map(|id| render("message_id", &id));
        let price = self.price.map(|price| render("price", price));
        let error = self.error.map(|error| render("error", error));
        [stage, message_id, price, error].into_iter().flatten().collect()
    }
}

impl Ledger<Event> for Store {
    type State = Person;
    type Effect = Reply;

    async fn open(&self, event: &Event, read: Read) -> Result<Found<Person, Reply>> {
        let message = &event.message;
        let names = aliases(message);
        let entry = Inbox::key(&event_of(message));
        let guess = self.met.guess(&names).map(user_key);
        let keys = names.iter().map(alias_key).chain([entry.clone()]).chain(guess).collect();
        let mut rows: HashMap<_, _> =
            self.table.rows(keys, read).await?.into_iter().map(|row| (Table::partition(&row), row)).collect();
        if let Some(row) = rows.remove(&Table::partition(&entry))
            && let Some(inbox) = Inbox::read(row, self.clock.now())?
        {
            let effects = self.effects(&inbox).await?;
            return Ok(Found::Decided { effects, lease_until: inbox.lease_until() });
        }
        let mut leads = HashMap::new();
        for name in names {
            if let Some(row) = rows.remove(&alias_pk(&name)) {
                leads.insert(name, Table::read::<Lead>(row)?);
            }
        }
        let mut known = HashMap::new();
        for row in rows.into_values().filter(|row| row.get("sk").is_some_and(|sk| *sk == text("USER"))) {
            let row: UserRow = Table::read(row)?;
            known.insert(row.user.id, Some(row));
        }
        let recognised = loop {
            let merged = |id| current(&known, id);
            let recognised = recognise(message, |alias| leads.get(alias).cloned(), merged);
            let people = recognised.person.iter().chain(&recognised.also);
            let Some(unread) = people.copied().find(|id| !known.contains_key(id)) else { break recognised };
            // A row that says whom it was merged into leads to another one: all are looked at again.
            known.insert(unread, self.table.latest::<UserRow>(user_key(unread)).await?);
        };
        let mut take = |id: &UserId| known.remove(id).flatten();
        let row = recognised.person.as_ref().and_then(&mut take);
        let merged: Vec<_> = recognised.also.iter().filter_map(take).collect();
        let version = row.as_ref().map_or(0, |row| row.version);
        let user = row.map(|row| row.user);
        let user = merged.iter().map(|row| row.user.clone()).fold(user, |user, other| match user {
            Some(user) => Some(user.merged_with(other)),
            None => recognised.person.map(|id| User { id, ..other }),
        });
        Ok(Found::New(Person { user, version, recognised, merged }))
    }

    async fn save(&self, event: &Event, person: &Person, effects: &[Effect<Reply>], lease: Timestamp) -> Result<Saved> {
        let missing = || Error::internal("undecided", "a decision leaves a person");
        let user = person.user.as_ref().ok_or_else(missing)?;
        let now = self.clock.now();
        let ids = effects.iter().map(|effect| effect.id).collect();
        let inbox = Inbox::new(user.id.to_string(), ids, lease, now);
        let mut writes = vec![
            inbox.claim(&self.table, &event_of(&event.message), now)?,
            self.put_user(&UserRow { version: person.version, merged_into: None, user: user.clone() })?,
            self.put_received(event, user.id, now)?,
        ];
        for other in &person.merged {
            writes.push(self.put_user(&UserRow { merged_into: Some(user.id), ..other.clone() })?);
        }
        for link in &person.recognised.links {
            writes.push(self.put_alias(link, user.id)?);
        }
        if let Some((alias, was)) = &person.recognised.release {
            writes.push(self.table.delete(alias_key(alias), leads_to(was))?);
        }
        for effect in effects {
            writes.push(self.put_sent(effect, now)?);
        }
        let saved = self.table.transact(writes).await?;
        if saved == Saved::Yes {
            self.met.remember(aliases(&event.message), user.id);
        }
        Ok(saved)
    }

    async fn take_over(&self, event: &Event, expired: Timestamp, lease_until: Timestamp) -> Result<bool> {
        Inbox::take_over(&self.table, &event_of(&event.message), expired, lease_until).await
    }

    async fn settle(&self, _: &Event, effect: &Effect<Reply>, outcome: &Outcome) -> Result<()> {
        let failure;
        let told = match outcome {
            Outcome::Done { receipt } => {
                Told { stage: Stage::Sent, message_id: Some(receipt), price: None, error: None }
            }
            Outcome::Refused { code, title } => {
                failure = Failure { code: *code, title: title.clone() };
                Told { stage: Stage::Failed, message_id: None, price: None, error: Some(&failure) }
            }
            Outcome::Later { .. } | Outcome::Unknown { .. } => return Ok(()),
        };
        self.advance(sent_key(effect.what.user_id, effect.id), &told).await.map(drop)
    }
}

#[cfg(test)]
mod tests;
