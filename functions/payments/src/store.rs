//! The rows of payments on DynamoDB. The only file that knows the key layout:
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `ORDER#ord_..` | `ORDER` | the order, with a version; in the index `ByDay`, and in `Open` until it is settled |
//! | `ORDER#ord_..` | `ROW#row_..` | a row of the ledger: money |
//! | `ORDER#ord_..` | `TELL#eff_..` | what the products are told, and whether they were |
//! | `CREDITS#studio#usr_..` | `BALANCE` | what a person may spend, the sum of the rows beside it |
//! | `CREDITS#studio#usr_..` | `ROW#row_..` | a row of the ledger: credits |
//! | `CREDITS#studio#usr_..` | `SPEND#spe_..` | that a spend was made |
//! | `PAYMENT#stripe#pi_..` | `PAYMENT` | the order that a provider's payment is for |
//! | `PAYER#<hash>#studio.lite` | `PAYER` | the order that whoever has this number was last offered for the thing |
//! | `OFFER#ord_..` | `OFFER` | an offer that a short link leads to |
//! | `FLAGS#2026-11-21` | `<ms>#<event>` | what a person has to look at |
//! | `DIFFERENCES` | `ord_..#pi_..` | a payment of which Stripe holds something else than the ledger says |
//! | `RECONCILED` | `RECONCILED` | how far the last comparison with the provider came |
//! | `INBOX#stripe#evt_..` | `INBOX` | the inbox, see `confab_aws::Inbox` |

mod read;

use std::{collections::HashMap, sync::Arc, time::Duration};

use aws_sdk_dynamodb::types::TransactWriteItem;
use confab_aws::{Condition, Inbox, Row, Table, WriteConflict, number, text};
use confab_contracts::payments::{Offer, Purchase, Spend};
use confab_core::{
    Clock, CorrelationId, EffectId, Entropy, Error, OrderId, Phone, Result, RowId, SpendId,
    Timestamp, hex,
};
use confab_worker::{Consistency, Effect, InboxState, SaveOutcome};
use payments_domain::{Account, Flag, Kind, Notice, Order, Provider, Row as Entry, Tell};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    services::booking_store::{Case, Event, named_order},
    services::event_publisher::Telling,
};

pub(crate) use read::{FlagView, LedgerRow};

/// Somebody looks at flags within this time, or never.
const FLAGS_KEPT: Duration = Duration::from_secs(90 * 24 * 3600);
/// Spends of one person wait for each other; more than this many lost races in a row is a hot spot.
const RACES: u32 = 20;

#[derive(Clone)]
pub(crate) struct Store {
    table: Table,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.table.fmt(f)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OrderRow {
    version: u64,
    #[serde(flatten)]
    pub(crate) order: Order,
}

/// An offer without the number of who pays, until when its link is good.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct KnownOffer {
    pub(crate) offer: Offer,
    /// The hash of the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) payer: Option<String>,
    pub(crate) expires_at: i64,
}

/// The order that a notice leads to.
#[derive(Debug)]
pub(crate) struct Lead {
    pub(crate) order: Option<OrderRow>,
    /// The payment that the notice names is another order's.
    pub(crate) is_anothers: bool,
}

/// What became of a spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spent {
    Now,
    Before,
    TooLittle,
    /// The order that it is for is not as it was read.
    Raced,
}

/// What an order's lists are sorted and found by.
#[derive(Serialize)]
struct Listed<'a> {
    #[serde(flatten)]
    row: &'a OrderRow,
    day: String,
    created: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    open: Option<&'static str>,
}

#[derive(Serialize, Deserialize)]
struct LeadsTo {
    order_id: OrderId,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TellRow {
    pub(crate) id: EffectId,
    order_id: OrderId,
    pub(crate) correlation_id: CorrelationId,
    pub(crate) cause: String,
    pub(crate) tell: Tell,
    pub(crate) settled: bool,
}

#[derive(Serialize)]
struct FlagRow<'a> {
    flag: Flag,
    payment: &'a str,
    event: &'a str,
    order_id: Option<OrderId>,
    at: Timestamp,
    expires_at: i64,
}

fn order_pk(id: OrderId) -> String {
    format!("ORDER#{id}")
}

fn order_key(id: OrderId) -> Row {
    Table::key(order_pk(id), "ORDER")
}

fn credits_pk(product: &str, payer: &str) -> String {
    format!("CREDITS#{product}#{payer}")
}

fn balance_key(product: &str, payer: &str) -> Row {
    Table::key(credits_pk(product, payer), "BALANCE")
}

fn payment_key(provider: Provider, payment: &str) -> Row {
    let provider = match provider {
        Provider::Stripe => "stripe",
        Provider::Sumit => "sumit",
        Provider::Generic => "generic",
    };
    Table::key(format!("PAYMENT#{provider}#{payment}"), "PAYMENT")
}

/// What stands for a number in keys and rows: the number itself is in none.
pub(crate) fn payer_hash(phone: &Phone) -> String {
    hex(&Sha256::digest(phone.digits())[..16])
}

fn payer_key(payer: &str, item: &str) -> Row {
    Table::key(format!("PAYER#{payer}#{item}"), "PAYER")
}

fn offer_key(id: OrderId) -> Row {
    Table::key(format!("OFFER#{id}"), "OFFER")
}

fn tell_key(order_id: OrderId, effect: EffectId) -> Row {
    Table::key(order_pk(order_id), format!("TELL#{effect}"))
}

fn day_of(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

impl Store {
    pub(crate) fn new(table: Table, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self {
            table,
            clock,
            entropy,
        }
    }

    pub(crate) async fn order(&self, id: OrderId) -> Result<Option<OrderRow>> {
        self.table.get(order_key(id)).await
    }

    /// The order as a step leaves it, and whether the step is the first to flag one of its payments.
    pub(crate) async fn change(
        &self,
        mut row: OrderRow,
        event: &str,
        step: impl Fn(Order) -> Order,
    ) -> Result<(Order, bool)> {
        for race in 0..RACES {
            let order = step(row.order.clone());
            if order == row.order {
                return Ok((order, false));
            }
            let news = order.newly_flagged(&row.order);
            let mut writes = vec![self.put_order(&OrderRow {
                order: order.clone(),
                ..row.clone()
            })?];
            if let Some((payment, flag)) = news {
                writes.push(self.put_flag(
                    flag,
                    payment,
                    event,
                    Some(order.id),
                    self.clock.now(),
                )?);
            }
            let is_news = news.is_some();
            if self.table.transact(writes).await? == SaveOutcome::Saved {
                return Ok((order, is_news));
            }
            self.give_way(race).await;
            let gone = || Error::internal("order_is_gone", order.id.to_string());
            row = self.order(order.id).await?.ok_or_else(gone)?;
        }
        Err(Error::unavailable(
            "contended",
            "others were changing the order at each attempt",
        ))
    }

    /// The offer that was kept for an order. Rows outlive their time: the caller compares `expires_at`.
    pub(crate) async fn offer(&self, id: OrderId) -> Result<Option<KnownOffer>> {
        self.table.get(offer_key(id)).await
    }

    /// Keeps an offer unless it is kept for longer already.
    pub(crate) async fn keep_offer(&self, offer: &KnownOffer) -> Result<()> {
        let mut row = Table::to_row("", "", offer)?;
        row.extend(offer_key(offer.offer.order_id));
        let when = Condition::expression("attribute_not_exists(pk) OR expires_at < :until")
            .value(":until", number(offer.expires_at));
        self.table.put(row, when).await.map(drop)
    }

    /// The order as it is from now on: the new one, or the one that was there.
    pub(crate) async fn create(&self, order: &Order, payer: Option<&str>) -> Result<OrderRow> {
        let row = OrderRow {
            version: 0,
            order: order.clone(),
        };
        let mut writes = vec![self.put_order(&row)?];
        if let Some(payer) = payer {
            let leads_to = LeadsTo { order_id: order.id };
            let mut item = Table::to_row("", "", &leads_to)?;
            item.extend(payer_key(payer, &order.purchase.item));
            writes.push(self.table.transact_put(item, Condition::none())?);
        }
        match self.table.transact(writes).await? {
            SaveOutcome::Saved => Ok(OrderRow { version: 1, ..row }),
            SaveOutcome::Conflict => {
                let lost = || Error::unavailable("store_busy", "the order was being written");
                self.order(order.id).await?.ok_or_else(lost)
            }
        }
    }

    /// Where the order is paid. Another copy of the request may have noted the same, or a payment be faster than this.
    pub(crate) async fn opened(&self, row: &OrderRow, order: &Order) -> Result<()> {
        let next = OrderRow {
            order: order.clone(),
            ..row.clone()
        };
        self.table
            .transact(vec![self.put_order(&next)?])
            .await
            .map(drop)
    }

    /// An order with a version one higher, if nobody has changed it since it was read.
    fn put_order(&self, row: &OrderRow) -> Result<TransactWriteItem> {
        let next = OrderRow {
            version: row.version + 1,
            ..row.clone()
        };
        let created = row.order.created_at;
        let listed = Listed {
            row: &next,
            day: day_of(created),
            created: format!("{:013}#{}", created.as_millisecond(), row.order.id),
            open: (!row.order.state.is_settled()).then_some("open"),
        };
        self.table.transact_put(
            Table::to_row(order_pk(row.order.id), "ORDER", &listed)?,
            Condition::version(row.version),
        )
    }

    /// The order that a notice is about, as far as we know it, unless the notice was decided before.
    pub(crate) async fn find(&self, event: &Event) -> Result<InboxState<Lead, Telling>> {
        let entry = Inbox::key(&event.id);
        let named = named_order(&event.notice).map(order_key);
        let pointer = match &event.notice {
            Notice::Stripe {
                payment: Some(payment),
                ..
            } => Some(payment_key(Provider::Stripe, payment)),
            Notice::Sumit {
                phone: Some(phone),
                item: Some(item),
                ..
            } => Some(payer_key(&payer_hash(phone), item)),
            Notice::Generic(claim) => Some(payment_key(Provider::Generic, &claim.payment)),
            _ => None,
        };
        let keys = [Some(entry.clone()), named.clone(), pointer.clone()]
            .into_iter()
            .flatten()
            .collect();
        let rows = self.table.batch_get(keys, Consistency::Strong).await?;
        let mut rows: HashMap<_, _> = rows
            .into_iter()
            .map(|row| (Table::partition(&row), row))
            .collect();
        let mut take = |key: &Row| rows.remove(&Table::partition(key));
        if let Some(row) = take(&entry)
            && let Some(inbox) = Inbox::read(row, self.clock.now())?
        {
            let lease_until = inbox.lease_until();
            return Ok(InboxState::Decided {
                effects: self.effects(&inbox).await?,
                lease_until,
            });
        }
        let named = named
            .as_ref()
            .and_then(&mut take)
            .map(Table::from_row::<OrderRow>)
            .transpose()?;
        let pointed = pointer
            .as_ref()
            .and_then(&mut take)
            .map(Table::from_row::<LeadsTo>)
            .transpose()?;
        let is_anothers = match (&named, &pointed) {
            (Some(named), Some(pointed)) => named.order.id != pointed.order_id,
            _ => false,
        };
        let order = match (named, pointed, &event.notice) {
            // What we noted ourselves counts more than what a notice of Stripe's says; who names an order is told there.
            (_, Some(pointed), Notice::Stripe { .. }) if is_anothers => {
                self.order(pointed.order_id).await?
            }
            (None, Some(pointed), _) => self.order(pointed.order_id).await?,
            (named, _, _) => named,
        };
        Ok(InboxState::New(Lead { order, is_anothers }))
    }

    async fn effects(&self, inbox: &Inbox) -> Result<Vec<Effect<Telling>>> {
        if inbox.effects.is_empty() {
            return Ok(Vec::new());
        }
        let order_id: OrderId = inbox
            .owner
            .parse()
            .map_err(|e| Error::internal("unreadable_row", e))?;
        let keys = inbox
            .effects
            .iter()
            .map(|id| tell_key(order_id, *id))
            .collect();
        let rows = self.table.batch_get(keys, Consistency::Strong).await?;
        let rows = rows
            .into_iter()
            .map(Table::from_row::<TellRow>)
            .collect::<Result<Vec<_>>>()?;
        let mut rows: HashMap<_, _> = rows.into_iter().map(|row| (row.id, row)).collect();
        let fifo = inbox.effects.iter().filter_map(|id| rows.remove(id));
        Ok(fifo
            .map(|row| Effect {
                id: row.id,
                settled: row.settled,
                what: Telling {
                    order_id: row.order_id,
                    correlation_id: row.correlation_id,
                    cause: row.cause,
                    tell: row.tell,
                },
            })
            .collect())
    }

    pub(crate) async fn save(
        &self,
        event: &Event,
        case: &Case,
        effects: &[Effect<Telling>],
        lease_until: Timestamp,
    ) -> Result<SaveOutcome> {
        let now = self.clock.now();
        let owner = case
            .order()
            .map(|row| row.order.id.to_string())
            .unwrap_or_default();
        let ids = effects.iter().map(|effect| effect.id).collect();
        let mut writes =
            vec![Inbox::new(owner, ids, lease_until, now).claim(&self.table, &event.id, now)?];
        if let (Some(row), Some(booked)) = (case.order(), &case.booked) {
            if booked.order != row.order {
                writes.push(self.put_order(&OrderRow {
                    order: booked.order.clone(),
                    ..row.clone()
                })?);
            }
            for entry in &booked.rows {
                writes.push(self.put_entry(&booked.order, entry, now)?);
            }
            // One step may grant and take back, and a transaction writes a row once.
            let credits = booked
                .rows
                .iter()
                .filter(|row| matches!(row, Entry::Credits { .. }))
                .map(Entry::amount)
                .sum();
            if credits != 0 {
                let Purchase { product, payer, .. } = &booked.order.purchase;
                writes.push(self.add_credits(product, payer, credits, None)?);
            }
            if let Some(payment) = booked
                .order
                .payment
                .as_ref()
                .filter(|_| booked.order.payment != row.order.payment)
            {
                let mut item = Table::to_row(
                    "",
                    "",
                    &LeadsTo {
                        order_id: booked.order.id,
                    },
                )?;
                item.extend(payment_key(booked.order.provider, payment));
                writes.push(
                    self.table.transact_put(
                        item,
                        Condition::expression("attribute_not_exists(pk) OR order_id = :same")
                            .value(":same", text(booked.order.id.to_string())),
                    )?,
                );
            }
        }
        for Effect { id, what, settled } in effects {
            let Telling {
                order_id,
                correlation_id,
                cause,
                tell,
            } = what.clone();
            let row = TellRow {
                id: *id,
                order_id,
                correlation_id,
                cause,
                tell,
                settled: *settled,
            };
            let mut item = Table::to_row("", "", &row)?;
            item.extend(tell_key(order_id, *id));
            writes.push(self.table.transact_put(item, Condition::none())?);
        }
        if let Some((payment, flag)) = case.news() {
            writes.push(self.put_flag(
                flag,
                payment,
                &event.id,
                case.order().map(|row| row.order.id),
                now,
            )?);
        }
        self.table.transact(writes).await
    }

    /// A row of the ledger. An order's balance is in the order's own row, a person's beside their rows.
    fn put_entry(&self, order: &Order, entry: &Entry, now: Timestamp) -> Result<TransactWriteItem> {
        let row = LedgerRow {
            id: RowId::new(now, &*self.entropy),
            kind: entry.kind(),
            account: entry.account(),
            amount: entry.amount(),
            currency: match entry {
                Entry::Money { amount, .. } => Some(amount.currency),
                Entry::Credits { .. } => None,
            },
            order_id: Some(order.id),
            at: now,
        };
        match &row.account {
            Account::Order | Account::Fees => self.put_row(&order_pk(order.id), &row),
            Account::Credits { product, payer } => self.put_row(&credits_pk(product, payer), &row),
        }
    }

    fn put_row(&self, pk: &str, row: &LedgerRow) -> Result<TransactWriteItem> {
        self.table.transact_put(
            Table::to_row(pk, format!("ROW#{}", row.id), row)?,
            Condition::not_exists(),
        )
    }

    /// `floor` is what must be there before.
    fn add_credits(
        &self,
        product: &str,
        payer: &str,
        credits: i64,
        floor: Option<u32>,
    ) -> Result<TransactWriteItem> {
        let when = match floor {
            Some(floor) => {
                Condition::expression("credits >= :floor").value(":floor", number(floor))
            }
            None => Condition::none(),
        };
        self.table.transact_update(
            balance_key(product, payer),
            "ADD credits :change",
            when.value(":change", number(credits)),
        )
    }

    fn put_flag(
        &self,
        flag: Flag,
        payment: &str,
        event: &str,
        order_id: Option<OrderId>,
        now: Timestamp,
    ) -> Result<TransactWriteItem> {
        let expires_at = now.as_second() + FLAGS_KEPT.as_secs().cast_signed();
        let row = FlagRow {
            flag,
            payment,
            event,
            order_id,
            at: now,
            expires_at,
        };
        let sk = format!("{:013}#{event}", now.as_millisecond());
        self.table.transact_put(
            Table::to_row(format!("FLAGS#{}", day_of(now)), sk, &row)?,
            Condition::none(),
        )
    }

    pub(crate) async fn take_over(
        &self,
        event: &Event,
        expired: Timestamp,
        lease_until: Timestamp,
    ) -> Result<bool> {
        Inbox::take_over(&self.table, &event.id, expired, lease_until).await
    }

    /// The products have been told.
    pub(crate) async fn told(&self, order_id: OrderId, effect: EffectId) -> Result<()> {
        let settled =
            Condition::none().value(":yes", aws_sdk_dynamodb::types::AttributeValue::Bool(true));
        self.table
            .update(tell_key(order_id, effect), "SET settled = :yes", settled)
            .await
            .map(drop)
    }

    /// Takes credits once, or not at all. Nothing is read before: what a read sees beside a transaction that is being
    /// committed is not one moment's, and what held the writes back is. Those of an order are taken while it is as it was
    /// read, and it says from then on that they are used.
    pub(crate) async fn spend(
        &self,
        spend: &Spend,
        of_order: Option<&OrderRow>,
    ) -> Result<(Spent, i64)> {
        let now = self.clock.now();
        let account = Account::Credits {
            product: spend.product.clone(),
            payer: spend.payer.clone(),
        };
        let amount = -i64::from(spend.credits);
        let id = RowId::new(now, &*self.entropy);
        let order_id = of_order.map(|row| row.order.id);
        let row = LedgerRow {
            id,
            kind: Kind::Spend,
            account,
            amount,
            currency: None,
            order_id,
            at: now,
        };
        let pk = credits_pk(&spend.product, &spend.payer);
        for race in 0..RACES {
            let mut writes = vec![
                self.table
                    .transact_put(spend_row(spend)?, Condition::not_exists())?,
                self.add_credits(&spend.product, &spend.payer, amount, Some(spend.credits))?,
                self.put_row(&pk, &row)?,
            ];
            if let Some(row) = of_order {
                let order = Order {
                    used: true,
                    ..row.order.clone()
                };
                writes.push(self.put_order(&OrderRow {
                    order,
                    ..row.clone()
                })?);
            }
            let spent = match self.table.try_transact(writes).await?.as_deref() {
                None => Spent::Now,
                Some([WriteConflict::ConditionFailed, ..]) => Spent::Before,
                // Another one was at the same rows, perhaps a copy of this one: how it ended is not known yet.
                Some(held) if held.contains(&WriteConflict::TransactionConflict) => {
                    self.give_way(race).await;
                    continue;
                }
                Some([.., WriteConflict::ConditionFailed]) if of_order.is_some() => Spent::Raced,
                Some(_) => Spent::TooLittle,
            };
            return Ok((spent, self.credits(&spend.product, &spend.payer).await?));
        }
        Err(Error::unavailable(
            "contended",
            "others were spending at each attempt",
        ))
    }

    /// Longer from race to race, and not as long as the others do.
    async fn give_way(&self, race: u32) {
        let [random, ..] = self.entropy.bytes();
        let most = 10 * (u64::from(race) + 1);
        tokio::time::sleep(Duration::from_millis(most * u64::from(random) / 255)).await;
    }

    pub(crate) async fn credits(&self, product: &str, payer: &str) -> Result<i64> {
        #[derive(Deserialize)]
        struct Balance {
            credits: i64,
        }
        let balance = self
            .table
            .get::<Balance>(balance_key(product, payer))
            .await?;
        Ok(balance.map_or(0, |balance| balance.credits))
    }
}

fn spend_key(spend: &Spend) -> Row {
    Table::key(
        credits_pk(&spend.product, &spend.payer),
        format!("SPEND#{}", spend.id),
    )
}

fn spend_row(spend: &Spend) -> Result<Row> {
    #[derive(Serialize)]
    struct Made {
        id: SpendId,
        taken: u32,
    }
    let mut row = Table::to_row(
        "",
        "",
        &Made {
            id: spend.id,
            taken: spend.credits,
        },
    )?;
    row.extend(spend_key(spend));
    Ok(row)
}
