//! What we did for a person, such as a message, and what became of it.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use confab_aws::{Condition, Inbox, Row, Table, number};
use confab_core::{CorrelationId, EffectId, Error, Result, Timestamp, UserId};
use confab_messaging::{Address, DeliveryFailure, DeliveryStatus, MessagePrice, StatusUpdate};
use confab_worker::{Consistency, Effect, EffectOutcome};
use serde::{Deserialize, Serialize};
use studio_domain::Action;

use super::{Deed, Store, expiry, sent_key};

#[derive(Serialize, Deserialize)]
struct DeedRow {
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

impl DeedRow {
    fn effect(self) -> Effect<Deed> {
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
            what: Deed {
                user_id,
                correlation_id,
                to,
                action,
            },
        }
    }
}

/// What is known of a message of ours from now on.
struct Told<'a> {
    stage: DeliveryStatus,
    message_id: Option<&'a str>,
    price: Option<&'a MessagePrice>,
    error: Option<&'a DeliveryFailure>,
}

impl Told<'_> {
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
    /// What a provider reports of a message of ours; the message, if it is news. Reports come in any order, and any number
    /// of times.
    pub(crate) async fn follow(&self, status: &StatusUpdate) -> Result<Option<Effect<Deed>>> {
        let Some(reference) = status.reference else {
            // Not sent by us: the number may serve another system too.
            return Ok(None);
        };
        let key = sent_key(reference.user_id, reference.effect_id);
        let told = Told {
            stage: status.stage,
            message_id: Some(&status.message_id),
            price: status.price.as_ref(),
            error: status.error.as_ref(),
        };
        self.advance(key, &told).await
    }

    pub(super) async fn settle_deed(
        &self,
        effect: &Effect<Deed>,
        outcome: &EffectOutcome,
    ) -> Result<()> {
        let failure;
        let told = match outcome {
            EffectOutcome::Done { receipt } => Told {
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
                Told {
                    stage: DeliveryStatus::Failed,
                    message_id: None,
                    price: None,
                    error: Some(&failure),
                }
            }
            EffectOutcome::Later { .. } | EffectOutcome::Unknown { .. } => return Ok(()),
        };
        self.advance(sent_key(effect.what.user_id, effect.id), &told)
            .await
            .map(drop)
    }

    /// Moves a message of ours to a later stage, and gives it if it did; an earlier one changes nothing.
    async fn advance(&self, key: Row, told: &Told<'_>) -> Result<Option<Effect<Deed>>> {
        let mut when = Condition::expression("attribute_exists(pk) AND stage_rank < :rank")
            .value(":rank", number(told.stage.rank()))
            // From now on it is history.
            .value(":expiry", number(expiry(self.clock.now())));
        let mut sets = vec![
            "stage_rank = :rank".to_owned(),
            "expires_at = :expiry".to_owned(),
        ];
        for (name, value) in told.attributes()? {
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
            .map(Table::from_row::<DeedRow>)
            .transpose()?
            .map(DeedRow::effect))
    }

    pub(super) async fn deeds(&self, inbox: &Inbox) -> Result<Vec<Effect<Deed>>> {
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
            .map(|id| sent_key(owner, *id))
            .collect();
        let rows = self.table.batch_get(keys, Consistency::Strong).await?;
        let rows = rows
            .into_iter()
            .map(Table::from_row::<DeedRow>)
            .collect::<Result<Vec<_>>>()?;
        // A batch comes in any order, and what was decided is done in order. A row is kept as long as its entry in the
        // inbox until it is settled: one that is gone was.
        let mut rows: HashMap<_, _> = rows.into_iter().map(|row| (row.id, row)).collect();
        Ok(inbox
            .effects
            .iter()
            .filter_map(|id| rows.remove(id))
            .map(DeedRow::effect)
            .collect())
    }

    pub(super) fn put_deed(
        &self,
        effect: &Effect<Deed>,
        now: Timestamp,
    ) -> Result<TransactWriteItem> {
        let Deed {
            user_id,
            correlation_id,
            to,
            action,
        } = &effect.what;
        if let (Action::Say { body }, Some(to)) = (action, to) {
            body.check(to.channel)
                .map_err(|e| Error::internal("text_too_long", e))?;
        }
        let row = DeedRow {
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
        item.extend(sent_key(*user_id, effect.id));
        self.table.transact_put(item, Condition::none())
    }
}
