//! Who is connected. A socket's row lies under the ticket that opened it, so that a ticket opens one; it is one write
//! to come and one to go.

use std::{collections::BTreeSet, time::Duration};

use aws_sdk_dynamodb::types::AttributeValue;
use confab_aws::{Row, Table, When, failed, number, text};
use confab_kernel::{Error, Result, TicketId, Timestamp, UserId, after, before, worker::Read};
use rooms_domain::{RoomCode, Ticket};

use super::{Store, sort_key};

/// API Gateway ends a socket after two hours.
const LASTS: Duration = Duration::from_secs(2 * 3600);
/// A ticket that was used is remembered for longer than it is good.
const REMEMBERED: Duration = Duration::from_secs(60);

/// A socket that somebody has open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Socket {
    pub(crate) ticket: TicketId,
    pub(crate) connection: String,
    pub(crate) user: Option<UserId>,
    pub(crate) connected_at: Timestamp,
}

/// Up to a megabyte of sockets.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) sockets: Vec<Socket>,
    /// Where the next page begins.
    pub(crate) next: Option<TicketId>,
}

fn pk(room: RoomCode) -> String {
    format!("LIVE#{room}")
}

fn key(room: RoomCode, ticket: TicketId) -> Row {
    Table::key(pk(room), ticket.to_string())
}

/// None of a ticket that was used and is remembered, and of what is over.
fn socket(row: &Row, now: Timestamp) -> Option<Socket> {
    let said = |name: &str| row.get(name).and_then(|value| value.as_s().ok()).cloned();
    let until = row.get("expires_at").and_then(|value| value.as_n().ok()?.parse::<i64>().ok())?;
    let (ticket, connection) = (sort_key(row).parse().ok()?, said("c")?);
    (until > now.as_second()).then(|| Socket {
        ticket,
        connection,
        user: said("u").and_then(|user| user.parse().ok()),
        connected_at: Timestamp::from_second(until).map_or(Timestamp::MIN, |until| before(until, LASTS)),
    })
}

impl Store {
    /// False when the ticket was used before.
    pub(crate) async fn connected(&self, ticket: &Ticket, connection: &str) -> Result<bool> {
        let mut row = key(ticket.room, ticket.id);
        let until = after(self.clock.now(), LASTS);
        row.insert("c".to_owned(), text(connection));
        row.insert("u".to_owned(), text(ticket.user.to_string()));
        row.insert("expires_at".to_owned(), number(until.as_second()));
        self.table.save(row, When::new()).await
    }

    /// A ticket that could still be used is remembered as used; of others nothing is left.
    pub(crate) async fn disconnected(&self, room: RoomCode, ticket: TicketId, connection: &str) -> Result<()> {
        let now = self.clock.now();
        if now < after(ticket.made_at(), REMEMBERED) {
            let when = When::holds("c = :connection")
                .with(":connection", text(connection))
                .with(":until", number(after(now, REMEMBERED).as_second()));
            let forgets = "SET expires_at = :until REMOVE c";
            return self.table.change(key(room, ticket), forgets, when).await.map(drop);
        }
        self.table.remove(key(room, ticket)).await
    }

    pub(crate) async fn sockets(&self, room: RoomCode, after: Option<TicketId>, read: Read) -> Result<Page> {
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
        let last = page.last_evaluated_key.filter(|key| !key.is_empty());
        let next = last.map(|key| sort_key(&key).parse()).transpose();
        let next = next.map_err(|error| Error::internal("unreadable_row", error))?;
        Ok(Page { sockets: page.items.unwrap_or_default().iter().filter_map(|row| socket(row, now)).collect(), next })
    }

    /// Who is connected, as far as so many pages tell.
    pub(crate) async fn here(&self, room: RoomCode, most_pages: usize) -> Result<BTreeSet<UserId>> {
        let (mut here, mut after) = (BTreeSet::new(), None);
        for _ in 0..most_pages {
            let page = self.sockets(room, after, Read::MayLag).await?;
            here.extend(page.sockets.into_iter().filter_map(|socket| socket.user));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        Ok(here)
    }
}
