//! Open connections. A row lies under the ticket that opened it, so that a ticket opens one connection.

use std::{collections::BTreeSet, marker::PhantomData, sync::Arc, time::Duration};

use confab_aws::{Condition, Row, Table, number, text};
use confab_core::{Clock, CorrelationId, Result, TicketId, Timestamp, after, before};
use confab_worker::Consistency;

use crate::{
    Channel, Partition,
    rows::{decode_rows, malformed},
};

/// API Gateway closes a socket after two hours.
pub(crate) const CONNECTION_TTL: Duration = Duration::from_secs(2 * 3600);
/// How long a used ticket is remembered; longer than a ticket is valid.
pub(crate) const USED_TICKET_TTL: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection<User> {
    pub ticket: TicketId,
    /// API Gateway's id of the connection.
    pub id: String,
    pub user: User,
    pub connected_at: Timestamp,
}

/// Up to a megabyte of connections.
#[derive(Debug)]
pub struct ConnectionPage<User> {
    pub connections: Vec<Connection<User>>,
    /// The cursor of the next page: a sort key.
    pub next: Option<String>,
}

/// The connections of all channels of a service.
pub struct Connections<C> {
    table: Table,
    clock: Arc<dyn Clock>,
    channel: PhantomData<fn() -> C>,
}

impl<C> Clone for Connections<C> {
    fn clone(&self) -> Self {
        Self::new(self.table.clone(), self.clock.clone())
    }
}

impl<C> std::fmt::Debug for Connections<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.table.fmt(f)
    }
}

impl<C> Connections<C> {
    pub fn new(table: Table, clock: Arc<dyn Clock>) -> Self {
        Self {
            table,
            clock,
            channel: PhantomData,
        }
    }
}

impl<C: Channel> Connections<C> {
    /// Stores a connection. Returns `false` when its ticket was used before.
    pub async fn put(
        &self,
        channel: &C::Id,
        ticket: TicketId,
        user: &C::User,
        id: &str,
    ) -> Result<bool> {
        let row = self.row(channel, ticket, user, id);
        self.table.put(row, Condition::not_exists()).await
    }

    /// Subscribes an open connection to a further channel. Repeated, it changes nothing but the expiry.
    pub async fn subscribe(
        &self,
        channel: &C::Id,
        ticket: TicketId,
        user: &C::User,
        id: &str,
    ) -> Result<()> {
        let row = self.row(channel, ticket, user, id);
        self.table.put(row, Condition::none()).await.map(drop)
    }

    /// Ends the subscription of an open connection to a further channel.
    pub async fn unsubscribe(&self, channel: &C::Id, ticket: TicketId) -> Result<()> {
        let key = C::connections(channel).key(ticket);
        self.table.delete(key).await
    }

    fn row(&self, channel: &C::Id, ticket: TicketId, user: &C::User, id: &str) -> Row {
        let mut row = C::connections(channel).key(ticket);
        let expires_at = after(self.clock.now(), CONNECTION_TTL);
        row.insert("c".to_owned(), text(id));
        row.insert("u".to_owned(), text(user.to_string()));
        row.insert("expires_at".to_owned(), number(expires_at.as_second()));
        row
    }

    /// Deletes a connection. While its ticket is valid, the row stays as a used ticket.
    pub async fn delete(&self, channel: &C::Id, ticket: TicketId, id: &str) -> Result<()> {
        let (now, key) = (self.clock.now(), C::connections(channel).key(ticket));
        if now >= after(ticket.made_at(), USED_TICKET_TTL) {
            return self.table.delete(key).await;
        }
        let when = Condition::expression("c = :connection")
            .value(":connection", text(id))
            .value(":until", number(after(now, USED_TICKET_TTL).as_second()));
        let tombstone = "SET expires_at = :until REMOVE c";
        self.table.update(key, tombstone, when).await.map(drop)
    }

    /// Returns the page of connections after a cursor.
    pub async fn list(
        &self,
        channel: &C::Id,
        cursor: Option<&str>,
        read: Consistency,
        correlation_id: CorrelationId,
    ) -> Result<ConnectionPage<C::User>> {
        let partition = C::connections(channel);
        let attributes = "pk, sk, c, u, expires_at";
        let cursor = cursor.map(|cursor| Table::key(&partition.pk, cursor));
        let page = self
            .table
            .query_page(partition.rows(), attributes, cursor, read)
            .await?;
        let now = self.clock.now();
        let connections = decode_rows(page.rows, "connection", correlation_id, |row| {
            decode_connection(&partition, &row, now)
        });
        Ok(ConnectionPage {
            connections: connections.into_iter().flatten().collect(),
            next: page.next.map(|key| Table::sort_key(&key).to_owned()),
        })
    }

    /// Returns the connected users, reading at most `max_pages` pages.
    pub async fn users(
        &self,
        channel: &C::Id,
        max_pages: usize,
        read: Consistency,
        correlation_id: CorrelationId,
    ) -> Result<BTreeSet<C::User>> {
        let (mut users, mut cursor) = (BTreeSet::new(), None);
        for _ in 0..max_pages {
            let page = self
                .list(channel, cursor.as_deref(), read, correlation_id)
                .await?;
            users.extend(
                page.connections
                    .into_iter()
                    .map(|connection| connection.user),
            );
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        Ok(users)
    }
}

/// Decodes a connection. `None` for an expired one, and for the row of a used ticket.
fn decode_connection<User: std::str::FromStr>(
    partition: &Partition,
    row: &Row,
    now: Timestamp,
) -> Result<Option<Connection<User>>> {
    let attribute = |name: &str| row.get(name).and_then(|value| value.as_s().ok());
    let expires_at = row
        .get("expires_at")
        .and_then(|value| value.as_n().ok()?.parse::<i64>().ok())
        .ok_or_else(|| malformed("a connection without an expiry"))?;
    let ticket = partition
        .id_of(row)
        .parse()
        .map_err(|_| malformed("a connection without a ticket"))?;
    let Some(id) = attribute("c").filter(|_| expires_at > now.as_second()) else {
        return Ok(None);
    };
    let user = attribute("u").and_then(|user| user.parse().ok());
    let connected_at = Timestamp::from_second(expires_at)
        .map_or(Timestamp::MIN, |expiry| before(expiry, CONNECTION_TTL));
    Ok(Some(Connection {
        ticket,
        id: id.clone(),
        user: user.ok_or_else(|| malformed("a connection without a user"))?,
        connected_at,
    }))
}
