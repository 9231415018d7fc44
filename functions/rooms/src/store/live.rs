//! Who is connected. A socket's row lies under the ticket that opened it, so that a ticket opens one; it is one write
//! to come and one to go.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use confab_aws::{Row, Table, failed, number, text};
use confab_kernel::{Result, Timestamp, UserId, after, before, worker::Read};
use rooms_domain::{RoomCode, Ticket};

use super::{Store, sort_key};

/// API Gateway ends a socket after two hours.
const LASTS: Duration = Duration::from_secs(2 * 3600);
/// A ticket that was used is remembered for longer than it is good.
const REMEMBERED: Duration = Duration::from_secs(60);

/// A socket that somebody has open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Socket {
    pub(crate) ticket: String,
    pub(crate) connection: String,
    pub(crate) user: Option<UserId>,
    pub(crate) connected_at: Timestamp,
}

impl Socket {
    /// When the ticket was asked for that opened it.
    pub(crate) fn asked_at(&self) -> Option<Timestamp> {
        made_at(&self.ticket)
    }
}

/// Up to a megabyte of sockets.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) sockets: Vec<Socket>,
    /// Where the next page begins.
    pub(crate) next: Option<String>,
}

fn pk(room: RoomCode) -> String {
    format!("LIVE#{room}")
}

fn key(room: RoomCode, ticket: &str) -> Row {
    Table::key(pk(room), ticket)
}

/// None of a ticket that was used and is remembered, and of what is over.
fn socket(row: &Row, now: Timestamp) -> Option<Socket> {
    let said = |name: &str| row.get(name).and_then(|value| value.as_s().ok()).cloned();
    let until = row.get("expires_at").and_then(|value| value.as_n().ok()?.parse::<i64>().ok())?;
    let connection = said("c")?;
    (until > now.as_second()).then(|| Socket {
        ticket: sort_key(row).to_owned(),
        connection,
        user: said("u").and_then(|user| user.parse().ok()),
        connected_at: Timestamp::from_second(until).map_or(Timestamp::MIN, |until| before(until, LASTS)),
    })
}

impl Store {
    /// False when the ticket was used before.
    pub(crate) async fn connected(&self, ticket: &Ticket, connection: &str) -> Result<bool> {
        let mut row = key(ticket.room, &ticket.id);
        let until = after(self.clock.now(), LASTS);
        row.insert("c".to_owned(), text(connection));
        row.insert("u".to_owned(), text(ticket.user.to_string()));
        row.insert("expires_at".to_owned(), number(until.as_second()));
        let put = self.table.client.put_item().table_name(&self.table.name).set_item(Some(row));
        super::put(Box::pin(put.condition_expression("attribute_not_exists(pk)").send()).await.map(drop))
    }

    /// A ticket that could still be used is remembered as used; of others nothing is left.
    pub(crate) async fn disconnected(&self, room: RoomCode, ticket: &str, connection: &str) -> Result<()> {
        let now = self.clock.now();
        let is_young = made_at(ticket).is_none_or(|at| now < after(at, REMEMBERED));
        if is_young {
            let until = after(now, REMEMBERED);
            let update = self
                .table
                .client
                .update_item()
                .table_name(&self.table.name)
                .set_key(Some(key(room, ticket)))
                .condition_expression("c = :connection")
                .update_expression("SET expires_at = :until REMOVE c")
                .expression_attribute_values(":connection", text(connection))
                .expression_attribute_values(":until", number(until.as_second()));
            return super::updated(Box::pin(update.send()).await).map(drop);
        }
        let delete = self.table.client.delete_item().table_name(&self.table.name).set_key(Some(key(room, ticket)));
        Box::pin(delete.send()).await.map_err(failed).map(drop)
    }

    pub(crate) async fn sockets(&self, room: RoomCode, after: Option<&str>, read: Read) -> Result<Page> {
        let query = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .key_condition_expression("pk = :pk")
            .projection_expression("sk, c, u, expires_at")
            .consistent_read(read == Read::Latest)
            .expression_attribute_values(":pk", AttributeValue::S(pk(room)))
            .set_exclusive_start_key(after.map(|ticket| key(room, ticket)));
        let page = Box::pin(query.send()).await.map_err(failed)?;
        let now = self.clock.now();
        let next = page.last_evaluated_key.filter(|key| !key.is_empty()).map(|key| sort_key(&key).to_owned());
        Ok(Page { sockets: page.items.unwrap_or_default().iter().filter_map(|row| socket(row, now)).collect(), next })
    }
}

/// A ticket's id says when it was made.
fn made_at(ticket: &str) -> Option<Timestamp> {
    Some(format!("evt_{ticket}").parse::<confab_kernel::EventId>().ok()?.made_at())
}
