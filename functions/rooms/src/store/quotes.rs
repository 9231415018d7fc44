//! The index of quotes: which replies quote a message. Deleting the message clears them.

use aws_sdk_dynamodb::types::TransactWriteItem;
use confab_aws::{Condition, Row, Table, number, text};
use confab_core::Result;
use rooms_domain::{Message, RoomCode};

use super::{Store, room_pk};

fn quote_prefix(seq: u64) -> String {
    format!("QUOTE#{seq:012}#")
}

fn quote_key(code: RoomCode, seq: u64, reply: u64) -> Row {
    Table::key(room_pk(code), format!("{}{reply:012}", quote_prefix(seq)))
}

impl Store {
    pub(super) fn quote_index_write(
        &self,
        code: RoomCode,
        seq: u64,
        reply: u64,
        expires_at: i64,
    ) -> Result<TransactWriteItem> {
        let mut row = quote_key(code, seq, reply);
        row.insert("expires_at".to_owned(), number(expires_at));
        self.table.transact_put(row, Condition::none())
    }

    /// Returns the numbers of the replies that quote a message and were not announced without the quote.
    pub(crate) async fn replies_quoting(&self, code: RoomCode, seq: u64) -> Result<Vec<u64>> {
        let keys = Condition::expression("pk = :pk AND begins_with(sk, :quotes)")
            .value(":pk", text(room_pk(code)))
            .value(":quotes", text(quote_prefix(seq)));
        let rows = self.table.query_consistent(keys, usize::MAX).await?;
        Ok(rows
            .iter()
            .filter_map(|row| Table::sort_key(row).rsplit('#').next()?.parse().ok())
            .collect())
    }

    /// Clears the quote of a deleted message in a reply. Returns the current reply, `None` if there is none.
    pub(crate) async fn clear_quote(
        &self,
        code: RoomCode,
        seq: u64,
        reply: u64,
    ) -> Result<Option<Message>> {
        let when = Condition::expression("reply_to.seq = :seq AND reply_to.#text <> :empty")
            .name_attribute("#text", "text")
            .value(":seq", number(seq))
            .value(":empty", text(""));
        let clear = "SET reply_to.#text = :empty, rev = rev + :one";
        match self.update_message(code, reply, clear, when).await? {
            Some(message) => Ok(Some(message)),
            None => self.find_message(code, reply).await,
        }
    }

    /// Deletes the index row of a reply that was announced without its quote.
    pub(crate) async fn delete_quote_index(
        &self,
        code: RoomCode,
        seq: u64,
        reply: u64,
    ) -> Result<()> {
        self.table.delete(quote_key(code, seq, reply)).await
    }
}
