//! Effects, such as messages to a user, and their delivery statuses.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use confab_aws::{Condition, Inbox, Row, Table, number};
use confab_core::{CorrelationId, EffectId, Error, Result, Timestamp, UserId};
use confab_messaging::{Address, DeliveryFailure, DeliveryStatus, MessagePrice, StatusUpdate};
use confab_worker::{Consistency, Effect, EffectOutcome};
use serde::{Deserialize, Serialize};
use studio_domain::Action;

use super::{Store, UserAction, effect_key, message_expiry};

#[derive(Serialize, Deserialize)]
struct EffectRow {
    direction: String,
    id: EffectId,
    user_id: UserId,
    correlation_id: CorrelationId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<Address>,
    action: Action,
    stage: DeliveryStatus,
    stage_rank: u8,
    expires_at: i64,
}

impl EffectRow {
    fn into_effect(self) -> Effect<UserAction> {
        let Self {
            id,
            user_id,
            correlation_id,
            to,
            action,
            stage,
            ..
        } = self;
        Effect {
            id,
            settled: stage != DeliveryStatus::Sending,
            what: UserAction {
                user_id,
                correlation_id,
                to,
                action,
            },
        }
    }
}

/// A change of an effect's delivery status.
struct StatusChange<'a> {
    stage: DeliveryStatus,
    message_id: Option<&'a str>,
    price: Option<&'a MessagePrice>,
    error: Option<&'a DeliveryFailure>,
}

impl StatusChange<'_> {
    fn attributes(&self) -> Result<Vec<(&'static str, AttributeValue)>> {
        fn render<T: Serialize>(
            name: &'static str,
            value: &T,
        ) -> Result<(&'static str, AttributeValue)> {
            let value = serde_dynamo::to_attribute_value(value)
                .map_err(|e| Error::internal("render_failed", e))?;
            Ok((name, value))
        }
        let stage = Some(render("stage", &self.stage));
        let message_id = self.message_id.map(|id| render("message_id", &id));
        let price = self.price.map(|price| render("price", price));
        let error = self.error.map(|error| render("error", error));
        [stage, message_id, price, error]
            .into_iter()
            .flatten()
            .collect()
    }
}

impl Store {
    /// Saves a provider's delivery status. Returns the effect if the status is later than the saved
    /// one, so that duplicate and out-of-order statuses change nothing.
    pub(crate) async fn apply_status(
        &self,
        status: &StatusUpdate,
    ) -> Result<Option<Effect<UserAction>>> {
        let Some(reference) = status.reference else {
            // Another system sends from the same number.
            return Ok(None);
        };
        let key = effect_key(reference.user_id, reference.effect_id);
        let change = StatusChange {
            stage: status.stage,
            message_id: Some(&status.message_id),
            price: status.price.as_ref(),
            error: status.error.as_ref(),
        };
        self.advance(key, &change).await
    }

    /// Returns the effect if it has exactly this status: an earlier delivery of the status saved it.
    pub(crate) async fn effect_with_status(
        &self,
        status: &StatusUpdate,
    ) -> Result<Option<Effect<UserAction>>> {
        let Some(reference) = status.reference else {
            return Ok(None);
        };
        let key = effect_key(reference.user_id, reference.effect_id);
        let row: Option<EffectRow> = self.table.get(key).await?;
        let row = row.filter(|row| row.stage == status.stage);
        Ok(row.map(EffectRow::into_effect))
    }

    pub(super) async fn settle_effect(
        &self,
        effect: &Effect<UserAction>,
        outcome: &EffectOutcome,
    ) -> Result<()> {
        let failure;
        let change = match outcome {
            EffectOutcome::Done { receipt } => StatusChange {
                stage: DeliveryStatus::Sent,
                message_id: Some(receipt),
                price: None,
                error: None,
            },
            EffectOutcome::Refused { code, title } => {
                failure = DeliveryFailure {
                    code: *code,
                    title: title.clone(),
                };
                StatusChange {
                    stage: DeliveryStatus::Failed,
                    message_id: None,
                    price: None,
                    error: Some(&failure),
                }
            }
            EffectOutcome::Later { .. } | EffectOutcome::Unknown { .. } => return Ok(()),
        };
        self.advance(effect_key(effect.what.user_id, effect.id), &change)
            .await
            .map(drop)
    }

    /// Writes a status if its rank is higher than the saved one. Returns `None` when nothing was
    /// written.
    async fn advance(
        &self,
        key: Row,
        change: &StatusChange<'_>,
    ) -> Result<Option<Effect<UserAction>>> {
        let mut when = Condition::expression("attribute_exists(pk) AND stage_rank < :rank")
            .value(":rank", number(change.stage.rank()))
            // A settled effect is kept as long as messages are.
            .value(":expiry", number(message_expiry(self.clock.now())));
        let mut sets = vec![
            "stage_rank = :rank".to_owned(),
            "expires_at = :expiry".to_owned(),
        ];
        for (name, value) in change.attributes()? {
            sets.push(format!("#{name} = :{name}"));
            when = when
                .name_attribute(&format!("#{name}"), name)
                .value(&format!(":{name}"), value);
        }
        let row = self
            .table
            .update(key, &format!("SET {}", sets.join(", ")), when)
            .await?;
        Ok(row
            .map(Table::from_row::<EffectRow>)
            .transpose()?
            .map(EffectRow::into_effect))
    }

    pub(super) async fn effects_of(&self, inbox: &Inbox) -> Result<Vec<Effect<UserAction>>> {
        if inbox.effects.is_empty() {
            return Ok(Vec::new());
        }
        let owner: UserId = inbox
            .owner
            .parse()
            .map_err(|e| Error::internal("unreadable_row", e))?;
        let keys = inbox
            .effects
            .iter()
            .map(|id| effect_key(owner, *id))
            .collect();
        let rows = self.table.batch_get(keys, Consistency::Strong).await?;
        let rows = rows
            .into_iter()
            .map(Table::from_row::<EffectRow>)
            .collect::<Result<Vec<_>>>()?;
        // Effects are executed in their order, which a batch does not keep. A missing row was
        // settled and has expired.
        let mut rows: HashMap<_, _> = rows.into_iter().map(|row| (row.id, row)).collect();
        Ok(inbox
            .effects
            .iter()
            .filter_map(|id| rows.remove(id))
            .map(EffectRow::into_effect)
            .collect())
    }

    pub(super) fn put_effect(
        &self,
        effect: &Effect<UserAction>,
        now: Timestamp,
    ) -> Result<TransactWriteItem> {
        let UserAction {
            user_id,
            correlation_id,
            to,
            action,
        } = &effect.what;
        if let (Action::SendMessage { body }, Some(to)) = (action, to) {
            body.check(to.channel)
                .map_err(|e| Error::internal("text_too_long", e))?;
        }
        let row = EffectRow {
            direction: "out".to_owned(),
            id: effect.id,
            user_id: *user_id,
            correlation_id: *correlation_id,
            to: to.clone(),
            action: action.clone(),
            stage: DeliveryStatus::Sending,
            stage_rank: DeliveryStatus::Sending.rank(),
            expires_at: Inbox::expiry(now),
        };
        let mut item: Row = Table::to_row("", "", &row)?;
        item.extend(effect_key(*user_id, effect.id));
        self.table.transact_put(item, Condition::none())
    }
}
