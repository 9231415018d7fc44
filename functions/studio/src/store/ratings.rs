//! What people think of their photos, by month.

use confab_aws::{Row, Table, When, failed, number, text};
use confab_kernel::{OrderId, Result, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use super::Store;

/// More ratings than a month of a very busy studio.
const MOST: usize = 20_000;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rating {
    pub(crate) order_id: OrderId,
    pub(crate) user_id: UserId,
    #[serde(default)]
    pub(crate) stars: Option<u8>,
    #[serde(default)]
    pub(crate) words: Option<String>,
    pub(crate) at: Timestamp,
}

/// `2026-11`: by the time of the order, so that a second thought lies where the first one did.
fn month_of(order: OrderId) -> String {
    order.made_at().strftime("%Y-%m").to_string()
}

pub(super) fn key(order: OrderId) -> Row {
    Table::key(format!("RATING#{}", month_of(order)), order.to_string())
}

impl Store {
    /// The last word counts.
    pub(crate) async fn rates(&self, user: UserId, order: OrderId, stars: u8) -> Result<()> {
        self.tells(user, order, "stars = :said", number(stars)).await
    }

    pub(crate) async fn writes(&self, user: UserId, order: OrderId, words: &str) -> Result<()> {
        self.tells(user, order, "words = :said", text(words)).await
    }

    async fn tells(
        &self,
        user: UserId,
        order: OrderId,
        what: &str,
        said: aws_sdk_dynamodb::types::AttributeValue,
    ) -> Result<()> {
        self.table
            .client
            .update_item()
            .table_name(&self.table.name)
            .set_key(Some(key(order)))
            .update_expression(format!("SET {what}, order_id = :order, user_id = :user, #at = :at"))
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":said", said)
            .expression_attribute_values(":order", text(order.to_string()))
            .expression_attribute_values(":user", text(user.to_string()))
            .expression_attribute_values(":at", text(self.clock.now().to_string()))
            .send()
            .await
            .map_err(failed)?;
        Ok(())
    }

    /// `month` is of the form `2026-11`.
    pub(crate) async fn ratings(&self, month: &str) -> Result<Vec<Rating>> {
        let keys = When::holds("pk = :month").with(":month", text(format!("RATING#{month}")));
        self.table.query(None, keys, MOST).await?.into_iter().map(Table::read).collect()
    }
}
