//! People and what happens to them: the ledger of the worker.

use std::{collections::HashMap, iter};

use aws_sdk_dynamodb::types::TransactWriteItem;
use confab_aws::{Condition, Inbox, Row, Table, text};
use confab_core::{CorrelationId, Error, MessageId, OrderId, Result, Timestamp, UserId};
use confab_messaging::{Address, Content, Inbound};
use confab_worker::{Consistency, DecisionStore, Effect, EffectOutcome, InboxState, SaveOutcome};
use serde::Serialize;
use studio_domain::{Action, Event as What, Lead, Link, Recognised, aliases, recognise};

use super::{
    Deed, Event, Person, Store, UserRow, alias_key, alias_pk, expiry, message_sk, user_key, user_pk,
};

const LONGEST_MERGER: usize = 20;
/// How many of a person's messages are forgotten at a time.
const MOST_AT_ONCE: usize = 200;

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

impl Store {
    fn put_user(&self, row: &UserRow) -> Result<TransactWriteItem> {
        let next = UserRow {
            version: row.version + 1,
            ..row.clone()
        };
        self.table.transact_put(
            Table::to_row(user_pk(row.user.id), "USER", &next)?,
            Condition::version(row.version),
        )
    }

    fn put_alias(&self, link: &Link, user_id: UserId) -> Result<TransactWriteItem> {
        let lead = Lead {
            user_id,
            scoped_id: link.scoped_id.clone(),
        };
        let when = link
            .was
            .as_ref()
            .map_or_else(Condition::not_exists, leads_to);
        self.table
            .transact_put(Table::to_row(alias_pk(&link.alias), "ALIAS", &lead)?, when)
    }

    fn put_received(
        &self,
        message: &Inbound,
        correlation_id: CorrelationId,
        user_id: UserId,
        now: Timestamp,
    ) -> Result<TransactWriteItem> {
        let id = MessageId::new(now, &*self.entropy);
        let row = InRow {
            direction: "in",
            id,
            provider_id: &message.id,
            correlation_id,
            from: &message.from,
            sent_at: message.sent_at,
            content: &message.content,
            expires_at: expiry(now),
        };
        self.table.transact_put(
            Table::to_row(user_pk(user_id), message_sk(now, id), &row)?,
            Condition::none(),
        )
    }

    /// What was decided of the event, or the rows that were read, by their partitions.
    async fn read(&self, event: &Event, keys: Vec<Row>, read: Consistency) -> Result<Opened> {
        let entry = Inbox::key(&event.id);
        let keys = keys.into_iter().chain([entry.clone()]).collect();
        let mut rows: HashMap<_, _> = self
            .table
            .batch_get(keys, read)
            .await?
            .into_iter()
            .map(|row| (Table::partition(&row), row))
            .collect();
        if let Some(row) = rows.remove(&Table::partition(&entry))
            && let Some(inbox) = Inbox::read(row, self.clock.now())?
        {
            let effects = self.deeds(&inbox).await?;
            return Ok(Opened::Decided(effects, inbox.lease_until()));
        }
        Ok(Opened::New(rows))
    }

    /// Whom an event was found to be about when it was decided.
    pub(crate) async fn whose(&self, event: &Event) -> Result<Option<UserId>> {
        let inbox: Option<Inbox> = self.table.get(Inbox::key(&event.id)).await?;
        Ok(inbox.and_then(|inbox| inbox.owner.parse().ok()))
    }

    async fn who_wrote(
        &self,
        event: &Event,
        message: &Inbound,
        read: Consistency,
    ) -> Result<InboxState<Person, Deed>> {
        let names = aliases(message);
        let guess = self.met.guess(&names).map(user_key);
        let keys = names.iter().map(alias_key).chain(guess).collect();
        let mut rows = match self.read(event, keys, read).await? {
            Opened::Decided(effects, lease_until) => {
                return Ok(InboxState::Decided {
                    effects,
                    lease_until,
                });
            }
            Opened::New(rows) => rows,
        };
        let mut leads = HashMap::new();
        for name in names {
            if let Some(row) = rows.remove(&alias_pk(&name)) {
                leads.insert(name, Table::from_row::<Lead>(row)?);
            }
        }
        let mut known = HashMap::new();
        for row in rows.into_values() {
            let row: UserRow = Table::from_row(row)?;
            known.insert(row.user.id, Some(row));
        }
        let recognised = loop {
            let merged = |id| current(&known, id);
            let recognised = recognise(message, |alias| leads.get(alias).cloned(), merged);
            let people = recognised.person.iter().chain(&recognised.also);
            let Some(unread) = people.copied().find(|id| !known.contains_key(id)) else {
                break recognised;
            };
            // A row that says whom it was merged into leads to another one: all are looked at again.
            known.insert(unread, self.table.get::<UserRow>(user_key(unread)).await?);
        };
        let mut take = |id: &UserId| known.remove(id).flatten();
        let row = recognised.person.as_ref().and_then(&mut take);
        let merged: Vec<_> = recognised.also.iter().filter_map(take).collect();
        let version = row.as_ref().map_or(0, |row| row.version);
        let names = row
            .iter()
            .chain(&merged)
            .flat_map(|row| row.names.clone())
            .collect();
        let also = row.iter().chain(&merged).flat_map(|row| row.also.clone());
        let also = also.chain(merged.iter().map(|row| row.user.id)).collect();
        let user = row.map(|row| row.user);
        let user = merged
            .iter()
            .map(|row| row.user.clone())
            .fold(user, |user, other| match user {
                Some(user) => Some(user.merged_with(other)),
                None => recognised
                    .person
                    .map(|id| studio_domain::User { id, ..other }),
            });
        Ok(InboxState::New(Person {
            user,
            version,
            names,
            also,
            recognised,
            merged,
        }))
    }

    async fn whom_it_is_about(
        &self,
        event: &Event,
        id: UserId,
        read: Consistency,
    ) -> Result<InboxState<Person, Deed>> {
        let rows = match self.read(event, vec![user_key(id)], read).await? {
            Opened::Decided(effects, lease_until) => {
                return Ok(InboxState::Decided {
                    effects,
                    lease_until,
                });
            }
            Opened::New(rows) => rows,
        };
        let row = rows
            .into_values()
            .next()
            .map(Table::from_row::<UserRow>)
            .transpose()?;
        let row = match row.filter(|row| row.merged_into.is_none()) {
            Some(row) => Some(row),
            // Somebody who is gone, unless what was read is old.
            None => self.current(id).await?,
        };
        let id = row.as_ref().map_or(id, |row| row.user.id);
        let recognised = Recognised {
            person: Some(id),
            ..Recognised::default()
        };
        let (version, names, also) = row.as_ref().map(UserRow::kept).unwrap_or_default();
        let user = row.map(|row| row.user);
        Ok(InboxState::New(Person {
            user,
            version,
            names,
            also,
            recognised,
            merged: Vec::new(),
        }))
    }

    /// The row that a person has now, under whatever id.
    pub(super) async fn current(&self, id: UserId) -> Result<Option<UserRow>> {
        let mut row: Option<UserRow> = self.table.get(user_key(id)).await?;
        for _ in 0..LONGEST_MERGER {
            let Some(id) = row.as_ref().and_then(|row| row.merged_into) else {
                break;
            };
            row = self.table.get(user_key(id)).await?;
        }
        Ok(row)
    }
}

enum Opened {
    Decided(Vec<Effect<Deed>>, Timestamp),
    New(HashMap<String, Row>),
}

/// The id that a person goes by now.
fn current(known: &HashMap<UserId, Option<UserRow>>, id: UserId) -> UserId {
    let merged_into = |id: &UserId| known.get(id)?.as_ref()?.merged_into;
    // Mergers lead to older ids; more than a few of one person are a loop.
    iter::successors(Some(id), merged_into)
        .take(LONGEST_MERGER)
        .last()
        .unwrap_or(id)
}

/// An alias is written only while it leads where it was seen to lead.
fn leads_to(was: &Lead) -> Condition {
    Condition::expression("user_id = :was").value(":was", text(was.user_id.to_string()))
}

impl DecisionStore<Event> for Store {
    type State = Person;
    type Effect = Deed;

    async fn open(&self, event: &Event, read: Consistency) -> Result<InboxState<Person, Deed>> {
        match (&event.what, event.person) {
            (What::Said { message }, _) => self.who_wrote(event, message, read).await,
            (_, Some(id)) => self.whom_it_is_about(event, id, read).await,
            (_, None) => Err(Error::internal("nobodys_event", event.id.clone())),
        }
    }

    async fn save(
        &self,
        event: &Event,
        person: &Person,
        effects: &[Effect<Deed>],
        lease: Timestamp,
    ) -> Result<SaveOutcome> {
        let missing = || Error::internal("undecided", "a decision is about somebody");
        let id = person
            .user
            .as_ref()
            .map(|user| user.id)
            .or(person.id())
            .ok_or_else(missing)?;
        let now = self.clock.now();
        let ids = effects.iter().map(|effect| effect.id).collect();
        let inbox = Inbox::new(id.to_string(), ids, lease, now);
        let mut writes = vec![inbox.claim(&self.table, &event.id, now)?];
        let links = &person.recognised.links;
        if let Some(user) = &person.user {
            let mut row = UserRow::new(person, user);
            row.names
                .extend(links.iter().map(|link| alias_pk(&link.alias)));
            writes.push(self.put_user(&row)?);
        }
        if let What::Said { message } = &event.what {
            writes.push(self.put_received(message, event.correlation_id, id, now)?);
        }
        for other in &person.merged {
            writes.push(self.put_user(&other.merged_into(id))?);
        }
        let is_forgotten = effects
            .iter()
            .any(|effect| matches!(effect.what.action, Action::Erase { .. }));
        match &event.what {
            // Whoever writes again is somebody new, even before all else is forgotten.
            What::Said { message } if is_forgotten => {
                for alias in aliases(message) {
                    let was = links
                        .iter()
                        .find(|link| link.alias == alias)
                        .map(|link| link.was.clone());
                    let when = match was {
                        Some(was) => was.as_ref().map_or_else(Condition::not_exists, leads_to),
                        None => leads_to(&Lead {
                            user_id: id,
                            scoped_id: None,
                        }),
                    };
                    writes.push(self.table.transact_delete(alias_key(&alias), when)?);
                }
            }
            _ => {
                for link in links {
                    writes.push(self.put_alias(link, id)?);
                }
            }
        }
        if let Some((alias, was)) = &person.recognised.release {
            writes.push(
                self.table
                    .transact_delete(alias_key(alias), leads_to(was))?,
            );
        }
        for effect in effects {
            writes.push(self.put_deed(effect, now)?);
        }
        let saved = self.table.transact(writes).await?;
        if let (SaveOutcome::Saved, What::Said { message }, false) =
            (saved, &event.what, is_forgotten)
        {
            self.met.remember(aliases(message), id);
        }
        Ok(saved)
    }

    async fn take_over(
        &self,
        event: &Event,
        expired: Timestamp,
        lease_until: Timestamp,
    ) -> Result<bool> {
        Inbox::take_over(&self.table, &event.id, expired, lease_until).await
    }

    async fn settle(
        &self,
        _: &Event,
        effect: &Effect<Deed>,
        outcome: &EffectOutcome,
    ) -> Result<()> {
        self.settle_deed(effect, outcome).await
    }
}

impl Store {
    /// The ids under which somebody was known, this one last.
    pub(crate) async fn ids_of(&self, person: UserId) -> Result<Vec<UserId>> {
        let row: Option<UserRow> = self.table.get(user_key(person)).await?;
        Ok(row
            .into_iter()
            .flat_map(|row| row.also)
            .chain([person])
            .collect())
    }

    /// All rows of a person, and the names that lead to them. The person's own row goes last: it says what else there is.
    pub(crate) async fn forget(&self, person: UserId, orders: &[OrderId]) -> Result<()> {
        let row: Option<UserRow> = self.table.get(user_key(person)).await?;
        for name in row.iter().flat_map(|row| &row.names) {
            // A name that has passed on leads to somebody else.
            let when =
                Condition::expression("user_id = :was").value(":was", text(person.to_string()));
            self.table
                .transact(vec![
                    self.table
                        .transact_delete(Table::key(name, "ALIAS"), when)?,
                ])
                .await?;
        }
        for order in orders {
            self.forget_order(*order).await?;
        }
        self.forget_questions(person).await?;
        let messages = Condition::expression("pk = :pk AND begins_with(sk, :message)")
            .value(":pk", text(user_pk(person)))
            .value(":message", text("MSG#"));
        loop {
            let rows = self
                .table
                .query(None, messages.clone(), MOST_AT_ONCE)
                .await?;
            let is_all = rows.len() < MOST_AT_ONCE;
            for row in rows {
                self.table.delete(Table::key_of(&row)).await?;
            }
            if is_all {
                break;
            }
        }
        self.table.delete(user_key(person)).await
    }
}
