//! Ratings, feedback and questions of users, by month.

use std::{collections::BTreeSet, time::Duration};

use aws_sdk_dynamodb::types::AttributeValue;
use confab_aws::{Condition, Row, Table, number, text};
use confab_core::{EffectId, OrderId, Result, Timestamp, UserId, after, before};
use confab_messaging::Address;
use serde::{Deserialize, Serialize};

use super::Store;

/// Maximum rows of a month that are read.
const MAX_ROWS: usize = 20_000;
const DAY: Duration = Duration::from_secs(24 * 3600);
/// Questions are deleted after this many days.
const QUESTION_TTL_DAYS: u32 = 60;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rating {
    pub(crate) order_id: OrderId,
    pub(crate) user_id: UserId,
    #[serde(default)]
    pub(crate) stars: Option<u8>,
    #[serde(default, rename = "words")]
    pub(crate) feedback: Option<String>,
    pub(crate) at: Timestamp,
}

/// A user's question to the operator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Question {
    pub(crate) user_id: UserId,
    /// The address that an answer goes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<Address>,
    #[serde(rename = "words")]
    pub(crate) text: String,
    pub(crate) at: Timestamp,
}

fn month_of(at: Timestamp) -> String {
    at.strftime("%Y-%m").to_string()
}

fn rating_pk(month: &str) -> String {
    format!("RATING#{month}")
}

fn question_pk(month: &str) -> String {
    format!("QUESTION#{month}")
}

/// The month of the order, so that a later rating replaces an earlier one.
pub(super) fn key(order: OrderId) -> Row {
    Table::key(rating_pk(&month_of(order.made_at())), order.to_string())
}

impl Store {
    /// Saves a question under the id of its effect, so that a repetition writes the same row.
    pub(crate) async fn save_question(&self, id: EffectId, question: &Question) -> Result<()> {
        let expires_at = after(question.at, DAY * QUESTION_TTL_DAYS);
        let pk = question_pk(&month_of(question.at));
        let mut row = Table::to_row(pk, id.to_string(), question)?;
        row.insert("expires_at".to_owned(), number(expires_at.as_second()));
        self.table.put(row, Condition::none()).await.map(drop)
    }

    pub(crate) async fn questions(&self, month: &str) -> Result<Vec<Question>> {
        let rows = self.rows_of(question_pk(month)).await?;
        rows.into_iter().map(Table::from_row).collect()
    }

    /// Returns a month's ratings. `month` has the form `2026-11`.
    pub(crate) async fn ratings(&self, month: &str) -> Result<Vec<Rating>> {
        let rows = self.rows_of(rating_pk(month)).await?;
        rows.into_iter().map(Table::from_row).collect()
    }

    async fn rows_of(&self, pk: String) -> Result<Vec<Row>> {
        let keys = Condition::expression("pk = :pk").value(":pk", text(pk));
        self.table.query(None, keys, MAX_ROWS).await
    }

    pub(super) async fn delete_questions(&self, user_id: UserId) -> Result<()> {
        let now = self.clock.now();
        let days = 0..=QUESTION_TTL_DAYS;
        let months: BTreeSet<_> = days.map(|days| month_of(before(now, DAY * days))).collect();
        for month in months {
            for row in self.rows_of(question_pk(&month)).await? {
                let key = Table::key_of(&row);
                if Table::from_row::<Question>(row)?.user_id == user_id {
                    self.table.delete(key).await?;
                }
            }
        }
        Ok(())
    }

    pub(crate) async fn save_rating(
        &self,
        user_id: UserId,
        order: OrderId,
        stars: u8,
    ) -> Result<()> {
        self.update_rating(user_id, order, "stars", number(stars))
            .await
    }

    pub(crate) async fn save_feedback(
        &self,
        user_id: UserId,
        order: OrderId,
        feedback: &str,
    ) -> Result<()> {
        self.update_rating(user_id, order, "words", text(feedback))
            .await
    }

    /// Sets one attribute of a rating. The latest value wins.
    async fn update_rating(
        &self,
        user_id: UserId,
        order: OrderId,
        attribute: &str,
        value: AttributeValue,
    ) -> Result<()> {
        let values = Condition::none()
            .name_attribute("#at", "at")
            .value(":value", value)
            .value(":order", text(order.to_string()))
            .value(":user", text(user_id.to_string()))
            .value(":at", text(self.clock.now().to_string()));
        let expression =
            format!("SET {attribute} = :value, order_id = :order, user_id = :user, #at = :at");
        self.table
            .update(key(order), &expression, values)
            .await
            .map(drop)
    }
}
