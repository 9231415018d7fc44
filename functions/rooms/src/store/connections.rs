//! Who is connected. A socket's row lies under the ticket that opened it, so that a ticket opens one; it is one write
//! to come and one to go.

use std::{collections::BTreeSet, time::Duration};

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use confab_aws::{Condition, Row, Table, number, store_error, text};
use confab_core::{CorrelationId, Error, Result, TicketId, Timestamp, UserId, after, before};
use confab_worker::Consistency;
use rooms_domain::{News, Reason, RoomCode, Ticket};
use serde::{Deserialize, Serialize};

use super::{Store, readable, sort_key};

/// API Gateway ends a socket after two hours.
const LASTS: Duration = Duration::from_secs(2 * 3600);
/// A ticket that was used is remembered for longer than it is good.
const REMEMBERED: Duration = Duration::from_secs(60);
/// Covers tickets that were made while a removal was being written, and clocks that differ.
const REMOVAL_MARGIN: Duration = Duration::from_secs(2);
/// The sort key of a removal that concerns everyone who is not a member.
const ALL_READERS: &str = "*";

/// A socket that somebody has open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Socket {
    pub(crate) ticket: TicketId,
    pub(crate) connection: String,
    pub(crate) user: UserId,
    pub(crate) connected_at: Timestamp,
}

/// Up to a megabyte of sockets.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) sockets: Vec<Socket>,
    /// The sort key after which the next page begins.
    pub(crate) next: Option<String>,
}

/// A removal whose connections the broadcaster has yet to end. It is written in the transaction that removes the user, so
/// that a broadcast of any later message finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Removal {
    /// `None`: everyone who is not a member.
    user: Option<UserId>,
    reason: Reason,
    /// Connections that were opened with tickets made up to then end.
    tickets_until: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct RemovalRow {
    reason: Reason,
    tickets_until: Timestamp,
    expires_at: i64,
}

impl Removal {
    pub(crate) fn news(&self) -> News {
        let at = self.tickets_until;
        match self.user {
            Some(user) => News::ShownOut {
                user_id: Some(user),
                reason: self.reason,
                at,
            },
            None => News::MembersOnly { at },
        }
    }
}

fn pk(room: RoomCode) -> String {
    format!("LIVE#{room}")
}

fn key(room: RoomCode, ticket: TicketId) -> Row {
    Table::key(pk(room), ticket.to_string())
}

fn removal_pk(room: RoomCode) -> String {
    format!("REMOVED#{room}")
}

fn removal_key(room: RoomCode, user: Option<UserId>) -> Row {
    Table::key(
        removal_pk(room),
        user.map_or_else(|| ALL_READERS.to_owned(), |user| user.to_string()),
    )
}

fn removal(row: Row) -> Result<Removal> {
    let user = match sort_key(&row) {
        ALL_READERS => None,
        user => Some(
            user.parse::<UserId>()
                .map_err(|error| Error::internal("unreadable_row", error))?,
        ),
    };
    let RemovalRow {
        reason,
        tickets_until,
        ..
    } = Table::from_row(row)?;
    Ok(Removal {
        user,
        reason,
        tickets_until,
    })
}

/// Returns `None` for a used ticket that is remembered, and for a socket whose time is over.
fn socket(row: &Row, now: Timestamp) -> Result<Option<Socket>> {
    let unreadable = |what: &'static str| Error::internal("unreadable_row", what);
    let attribute = |name: &str| row.get(name).and_then(|value| value.as_s().ok());
    let until = row
        .get("expires_at")
        .and_then(|value| value.as_n().ok()?.parse::<i64>().ok());
    let until = until.ok_or_else(|| unreadable("a connection without an end"))?;
    let ticket = sort_key(row)
        .parse()
        .map_err(|_| unreadable("a connection without a ticket"))?;
    let Some(connection) = attribute("c").filter(|_| until > now.as_second()) else {
        return Ok(None);
    };
    let user = attribute("u").and_then(|user| user.parse().ok());
    Ok(Some(Socket {
        ticket,
        connection: connection.clone(),
        user: user.ok_or_else(|| unreadable("a connection without a user"))?,
        connected_at: Timestamp::from_second(until)
            .map_or(Timestamp::MIN, |until| before(until, LASTS)),
    }))
}

impl Store {
    /// False when the ticket was used before.
    pub(crate) async fn connected(&self, ticket: &Ticket, connection: &str) -> Result<bool> {
        let mut row = key(ticket.room, ticket.id);
        let until = after(self.clock.now(), LASTS);
        row.insert("c".to_owned(), text(connection));
        row.insert("u".to_owned(), text(ticket.user.to_string()));
        row.insert("expires_at".to_owned(), number(until.as_second()));
        self.table.put(row, Condition::not_exists()).await
    }

    /// A ticket that could still be used is remembered as used; of others nothing is left.
    pub(crate) async fn disconnected(
        &self,
        room: RoomCode,
        ticket: TicketId,
        connection: &str,
    ) -> Result<()> {
        let now = self.clock.now();
        if now < after(ticket.made_at(), REMEMBERED) {
            let when = Condition::expression("c = :connection")
                .value(":connection", text(connection))
                .value(":until", number(after(now, REMEMBERED).as_second()));
            let forgets = "SET expires_at = :until REMOVE c";
            return self
                .table
                .update(key(room, ticket), forgets, when)
                .await
                .map(drop);
        }
        self.table.delete(key(room, ticket)).await
    }

    pub(crate) async fn sockets(
        &self,
        room: RoomCode,
        after: Option<&str>,
        read: Consistency,
        trace: CorrelationId,
    ) -> Result<Page> {
        let query = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .key_condition_expression("pk = :pk")
            .projection_expression("pk, sk, c, u, expires_at")
            .consistent_read(read == Consistency::Strong)
            .expression_attribute_values(":pk", AttributeValue::S(pk(room)))
            .set_exclusive_start_key(after.map(|after| Table::key(pk(room), after)));
        let page = Box::pin(query.send()).await.map_err(store_error)?;
        let now = self.clock.now();
        let last = page.last_evaluated_key.filter(|key| !key.is_empty());
        let sockets = readable(page.items.unwrap_or_default(), "connection", trace, |row| {
            socket(&row, now)
        });
        Ok(Page {
            sockets: sockets.into_iter().flatten().collect(),
            next: last.map(|key| sort_key(&key).to_owned()),
        })
    }

    /// Who is connected, as far as so many pages tell.
    pub(crate) async fn here(
        &self,
        room: RoomCode,
        most_pages: usize,
        read: Consistency,
        trace: CorrelationId,
    ) -> Result<BTreeSet<UserId>> {
        let (mut here, mut after) = (BTreeSet::new(), None);
        for _ in 0..most_pages {
            let page = self.sockets(room, after.as_deref(), read, trace).await?;
            here.extend(page.sockets.into_iter().map(|socket| socket.user));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        Ok(here)
    }

    /// Records a removal, as a part of the transaction that removes. `None` removes everyone who is not a member.
    pub(super) fn put_removal(
        &self,
        room: RoomCode,
        user: Option<UserId>,
        reason: Reason,
    ) -> Result<TransactWriteItem> {
        let now = self.clock.now();
        let tickets_until = match reason {
            Reason::Banned => Timestamp::MAX,
            _ => after(now, REMOVAL_MARGIN),
        };
        // A connection that could not be ended lasts no longer than its own time.
        let expires_at = after(now, LASTS + REMEMBERED).as_second();
        let mut row = Table::to_row(
            "",
            "",
            &RemovalRow {
                reason,
                tickets_until,
                expires_at,
            },
        )?;
        row.extend(removal_key(room, user));
        self.table.transact_put(row, Condition::none())
    }

    /// Drops the removal of a user who is admitted again, as a part of the transaction that admits.
    pub(super) fn delete_removal(&self, room: RoomCode, user: UserId) -> Result<TransactWriteItem> {
        self.table
            .transact_delete(removal_key(room, Some(user)), Condition::none())
    }

    /// The removals whose connections may still be open, as of now.
    pub(crate) async fn removals(
        &self,
        room: RoomCode,
        trace: CorrelationId,
    ) -> Result<Vec<Removal>> {
        let keys = Condition::expression("pk = :pk").value(":pk", text(removal_pk(room)));
        Ok(readable(
            self.table.query_consistent(keys, usize::MAX).await?,
            "removal",
            trace,
            removal,
        ))
    }

    /// Forgets removals whose connections have all ended. One that was renewed meanwhile stays.
    pub(crate) async fn forget_removals(&self, room: RoomCode, removals: &[Removal]) -> Result<()> {
        for Removal {
            user,
            tickets_until,
            ..
        } in removals
        {
            let when = Condition::expression("tickets_until = :until")
                .value(":until", super::rendered(tickets_until)?);
            self.table
                .transact(vec![
                    self.table.transact_delete(removal_key(room, *user), when)?,
                ])
                .await?;
        }
        Ok(())
    }
}
