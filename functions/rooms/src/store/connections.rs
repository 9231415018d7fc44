//! Open connections. A row lies under the ticket that opened it, so that a ticket opens one connection.

use std::{collections::BTreeSet, time::Duration};

use aws_sdk_dynamodb::types::AttributeValue;
use confab_aws::{Condition, Row, Table, number, store_error, text};
use confab_core::{CorrelationId, Error, Result, TicketId, Timestamp, UserId, after, before};
use confab_worker::Consistency;
use rooms_domain::{RoomCode, Ticket};

use super::{Store, decode_rows, sort_key};

/// API Gateway closes a socket after two hours.
pub(super) const CONNECTION_TTL: Duration = Duration::from_secs(2 * 3600);
/// How long a used ticket is remembered; longer than a ticket is valid.
pub(super) const USED_TICKET_TTL: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Connection {
    pub(crate) ticket: TicketId,
    /// API Gateway's id of the connection.
    pub(crate) id: String,
    pub(crate) user: UserId,
    pub(crate) connected_at: Timestamp,
}

/// Up to a megabyte of connections.
#[derive(Debug)]
pub(crate) struct ConnectionPage {
    pub(crate) connections: Vec<Connection>,
    /// The cursor of the next page: a sort key.
    pub(crate) next: Option<String>,
}

fn pk(room: RoomCode) -> String {
    format!("LIVE#{room}")
}

fn key(room: RoomCode, ticket: TicketId) -> Row {
    Table::key(pk(room), ticket.to_string())
}

/// Decodes a connection. `None` for an expired one, and for the row of a used ticket.
fn decode_connection(row: &Row, now: Timestamp) -> Result<Option<Connection>> {
    let malformed = |reason: &'static str| Error::internal("unreadable_row", reason);
    let attribute = |name: &str| row.get(name).and_then(|value| value.as_s().ok());
    let expires_at = row
        .get("expires_at")
        .and_then(|value| value.as_n().ok()?.parse::<i64>().ok())
        .ok_or_else(|| malformed("a connection without an expiry"))?;
    let ticket = sort_key(row)
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

impl Store {
    /// Stores a connection. Returns `false` when its ticket was used before.
    pub(crate) async fn put_connection(&self, ticket: &Ticket, id: &str) -> Result<bool> {
        let mut row = key(ticket.room, ticket.id);
        let expires_at = after(self.clock.now(), CONNECTION_TTL);
        row.insert("c".to_owned(), text(id));
        row.insert("u".to_owned(), text(ticket.user.to_string()));
        row.insert("expires_at".to_owned(), number(expires_at.as_second()));
        self.table.put(row, Condition::not_exists()).await
    }

    /// Deletes a connection. While its ticket is valid, the row stays as a used ticket.
    pub(crate) async fn delete_connection(
        &self,
        room: RoomCode,
        ticket: TicketId,
        id: &str,
    ) -> Result<()> {
        let now = self.clock.now();
        if now >= after(ticket.made_at(), USED_TICKET_TTL) {
            return self.table.delete(key(room, ticket)).await;
        }
        let when = Condition::expression("c = :connection")
            .value(":connection", text(id))
            .value(":until", number(after(now, USED_TICKET_TTL).as_second()));
        let tombstone = "SET expires_at = :until REMOVE c";
        self.table
            .update(key(room, ticket), tombstone, when)
            .await
            .map(drop)
    }

    pub(crate) async fn list_connections(
        &self,
        room: RoomCode,
        cursor: Option<&str>,
        read: Consistency,
        correlation_id: CorrelationId,
    ) -> Result<ConnectionPage> {
        let query = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .key_condition_expression("pk = :pk")
            .projection_expression("pk, sk, c, u, expires_at")
            .consistent_read(read == Consistency::Strong)
            .expression_attribute_values(":pk", AttributeValue::S(pk(room)))
            .set_exclusive_start_key(cursor.map(|cursor| Table::key(pk(room), cursor)));
        let page = Box::pin(query.send()).await.map_err(store_error)?;
        let now = self.clock.now();
        let last = page.last_evaluated_key.filter(|key| !key.is_empty());
        let rows = page.items.unwrap_or_default();
        let connections = decode_rows(rows, "connection", correlation_id, |row| {
            decode_connection(&row, now)
        });
        Ok(ConnectionPage {
            connections: connections.into_iter().flatten().collect(),
            next: last.map(|key| sort_key(&key).to_owned()),
        })
    }

    /// Returns the connected users, reading at most `max_pages` pages.
    pub(crate) async fn connected_users(
        &self,
        room: RoomCode,
        max_pages: usize,
        read: Consistency,
        correlation_id: CorrelationId,
    ) -> Result<BTreeSet<UserId>> {
        let (mut users, mut cursor) = (BTreeSet::new(), None);
        for _ in 0..max_pages {
            let page = self
                .list_connections(room, cursor.as_deref(), read, correlation_id)
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
