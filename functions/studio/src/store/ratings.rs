//! What people think of their photos, and what they want somebody to read, by month.

use std::{collections::BTreeSet, time::Duration};

use confab_aws::{Condition, Row, Table, number, text};
use confab_core::{EffectId, OrderId, Result, Timestamp, UserId, after};
use confab_messaging::Address;
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
    month(order.made_at())
}

pub(super) fn key(order: OrderId) -> Row {
    Table::key(format!("RATING#{}", month_of(order)), order.to_string())
}

/// What a person wants somebody of the studio to read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Question {
    pub(crate) user_id: UserId,
    /// Where the person is answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<Address>,
    pub(crate) words: String,
    pub(crate) at: Timestamp,
}

const DAY: Duration = Duration::from_secs(24 * 3600);
/// Longer than anybody waits for an answer.
const QUESTION_DAYS: u32 = 60;

fn questions(month: &str) -> String {
    format!("QUESTION#{month}")
}

fn month(at: Timestamp) -> String {
    at.strftime("%Y-%m").to_string()
}

impl Store {
    /// Under the id of what was done about it: done again, it is the same question.
    pub(crate) async fn hands_on(&self, id: EffectId, question: &Question) -> Result<()> {
        let expires_at = after(question.at, DAY * QUESTION_DAYS);
        let mut row = Table::to_row(questions(&month(question.at)), id.to_string(), question)?;
        row.insert("expires_at".to_owned(), number(expires_at.as_second()));
        self.table.put(row, Condition::none()).await.map(drop)
    }

    pub(crate) async fn questions(&self, month: &str) -> Result<Vec<Question>> {
        self.question_rows(month)
            .await?
            .into_iter()
            .map(Table::from_row)
            .collect()
    }

    async fn question_rows(&self, month: &str) -> Result<Vec<Row>> {
        self.table
            .query(
                None,
                Condition::expression("pk = :month").value(":month", text(questions(month))),
                MOST,
            )
            .await
    }

    pub(super) async fn forget_questions(&self, person: UserId) -> Result<()> {
        let now = self.clock.now();
        let days = (0..=QUESTION_DAYS).map(|days| now.checked_sub(DAY * days).unwrap_or(now));
        for month in days.map(month).collect::<BTreeSet<_>>() {
            for row in self.question_rows(&month).await? {
                let key = Table::key_of(&row);
                if Table::from_row::<Question>(row)?.user_id == person {
                    self.table.delete(key).await?;
                }
            }
        }
        Ok(())
    }

    /// The last word counts.
    pub(crate) async fn rates(&self, user: UserId, order: OrderId, stars: u8) -> Result<()> {
        self.tells(user, order, "stars = :said", number(stars))
            .await
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
        let when = Condition::none()
            .name_attribute("#at", "at")
            .value(":said", said)
            .value(":order", text(order.to_string()))
            .value(":user", text(user.to_string()))
            .value(":at", text(self.clock.now().to_string()));
        let tells = format!("SET {what}, order_id = :order, user_id = :user, #at = :at");
        self.table.update(key(order), &tells, when).await.map(drop)
    }

    /// `month` is of the form `2026-11`.
    pub(crate) async fn ratings(&self, month: &str) -> Result<Vec<Rating>> {
        let keys =
            Condition::expression("pk = :month").value(":month", text(format!("RATING#{month}")));
        self.table
            .query(None, keys, MOST)
            .await?
            .into_iter()
            .map(Table::from_row)
            .collect()
    }
}
