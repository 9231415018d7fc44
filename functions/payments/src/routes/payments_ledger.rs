//! `GET /api/payments/ledger/..`: the ledger, for the operator: orders of a day, one order, an
//! account, flags.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use confab_core::{CorrelationId, Error, Result, Timestamp};
use confab_lambda::{
    Operator, Response, Router,
    extract::{PathPair, Query},
    response,
};
use futures::{StreamExt, stream};
use http::StatusCode;
use payments_domain::{Order, OutboxEvent};
use serde::{Deserialize, Serialize};

use crate::{
    services::extract::OrderPath,
    state::{Part, State},
    store::{FlagRow, LedgerRow, OutboxRow, Store},
};

pub const PARTS: &[Part] = &[Part::Store, Part::OperatorKey];

/// Maximum concurrent reads of the orders of flags.
const READ_CONCURRENCY: usize = 8;

pub fn routes() -> Router<State> {
    Router::new()
        .route("GET /api/payments/ledger/orders", list_orders)
        .route("GET /api/payments/ledger/orders/{id}", get_order)
        .route(
            "GET /api/payments/ledger/accounts/{product}/{payer}",
            get_account,
        )
        .route("GET /api/payments/ledger/flags", list_flags)
}

#[derive(Deserialize)]
struct Day {
    /// The UTC day, today by default.
    day: Option<String>,
    /// The cursor of the next page.
    after: Option<String>,
}

#[derive(Serialize)]
struct OrderList {
    orders: Vec<OrderWithBalance>,
    /// Keys of the day's orders that cannot be decoded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unreadable: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize)]
struct OrderWithBalance {
    #[serde(flatten)]
    order: Order,
    balance: i64,
}

#[derive(Serialize)]
struct OrderFile {
    order: OrderWithBalance,
    rows: Vec<LedgerRow>,
    #[serde(rename = "told")]
    outbox: Vec<OutboxItem>,
}

#[derive(Serialize)]
struct OutboxItem {
    #[serde(flatten)]
    event: OutboxEvent,
    #[serde(rename = "cause")]
    causation_id: String,
    correlation_id: CorrelationId,
    /// When it was decided; it is published right after that.
    at: Timestamp,
    #[serde(rename = "is_told")]
    is_published: bool,
}

#[derive(Serialize)]
struct AccountFile {
    balance: i64,
    rows: Vec<LedgerRow>,
}

#[derive(Serialize)]
struct FlagList {
    flags: Vec<FlagItem>,
}

#[derive(Serialize)]
struct FlagItem {
    #[serde(flatten)]
    flag: FlagRow,
    is_open: bool,
}

async fn list_orders(_: Operator, state: Arc<State>, Query(query): Query<Day>) -> Result<Response> {
    let store = state.store()?;
    let day = query.day.unwrap_or_else(|| store.today());
    let page = store.orders_of(&day, query.after.as_deref()).await?;
    let orders = page.orders.into_iter();
    let list = OrderList {
        orders: orders.map(|row| row.order.into()).collect(),
        unreadable: page.unreadable,
        next: page.next,
    };
    response::json(StatusCode::OK, &list)
}

async fn get_order(_: Operator, state: Arc<State>, OrderPath(id): OrderPath) -> Result<Response> {
    let file = state.store()?.order_file(id).await?;
    let file = file.ok_or_else(|| Error::not_found("order"))?;
    let outbox = file.outbox.into_iter();
    let file = OrderFile {
        order: file.order.order.into(),
        rows: file.entries,
        outbox: outbox.map(OutboxItem::from).collect(),
    };
    response::json(StatusCode::OK, &file)
}

async fn get_account(
    _: Operator,
    state: Arc<State>,
    PathPair(product, payer): PathPair<String, String>,
) -> Result<Response> {
    let (balance, rows) = state.store()?.account(&product, &payer).await?;
    response::json(StatusCode::OK, &AccountFile { balance, rows })
}

async fn list_flags(_: Operator, state: Arc<State>, Query(query): Query<Day>) -> Result<Response> {
    let store = state.store()?;
    let day = query.day.unwrap_or_else(|| store.today());
    let flags = store.flags_of(&day).await?;
    let orders = read_orders(store, &flags).await;
    let flags = flags
        .into_iter()
        .map(|flag| FlagItem {
            is_open: is_open(&flag, &orders),
            flag,
        })
        .collect();
    response::json(StatusCode::OK, &FlagList { flags })
}

type Orders = HashMap<confab_core::OrderId, Result<Option<Order>>>;

/// Reads the orders of flags. An order that cannot be read fails alone.
async fn read_orders(store: &Store, flags: &[FlagRow]) -> Orders {
    let ids: BTreeSet<_> = flags.iter().filter_map(|flag| flag.order_id).collect();
    let reads = stream::iter(ids).map(|id| async move {
        let row = store.order(id).await;
        (id, row.map(|row| row.map(|row| row.order)))
    });
    reads.buffer_unordered(READ_CONCURRENCY).collect().await
}

/// Returns whether the order still has the flag. Without a readable order, the flag is open.
fn is_open(flag: &FlagRow, orders: &Orders) -> bool {
    let order = flag.order_id.and_then(|id| orders.get(&id));
    match order {
        Some(Ok(Some(order))) => order.flags.get(&flag.payment) == Some(&flag.flag),
        _ => true,
    }
}

impl From<Order> for OrderWithBalance {
    fn from(order: Order) -> Self {
        Self {
            balance: order.balance(),
            order,
        }
    }
}

impl From<OutboxRow> for OutboxItem {
    fn from(row: OutboxRow) -> Self {
        Self {
            event: row.event,
            causation_id: row.causation_id,
            correlation_id: row.correlation_id,
            at: row.id.made_at(),
            is_published: row.is_published,
        }
    }
}

#[cfg(test)]
mod tests {
    use confab_contracts::payments::Purchase;
    use confab_core::{Currency, Money, OrderId};
    use payments_domain::Flag;

    use super::*;

    #[test]
    fn flag_is_open_until_its_order_no_longer_has_it() {
        let now = Timestamp::UNIX_EPOCH;
        let id = OrderId::new(now, &|| [1; 10]);
        let purchase = Purchase {
            product: "studio".into(),
            item: "studio.lite".into(),
            payer: "usr_1".into(),
            reference: String::new(),
        };
        let price = Money::new(2_900, Currency::Usd);
        let correlation_id = CorrelationId::new(now, &|| [2; 10]);
        let ended = Order::new(id, purchase, price, 1, now, correlation_id);
        let mut flagged = ended.clone();
        flagged.flags.insert("pi_2".into(), Flag::PaidTwice);
        let flag = FlagRow {
            flag: Flag::PaidTwice,
            payment: "pi_2".into(),
            notice_id: "stripe#evt_1".into(),
            order_id: Some(id),
            at: now,
        };
        let with = |order| Orders::from([(id, order)]);
        assert!(is_open(&flag, &with(Ok(Some(flagged)))));
        assert!(!is_open(&flag, &with(Ok(Some(ended)))));
        let unreadable = Error::internal("unreadable_row", "simulated");
        assert!(is_open(&flag, &with(Err(unreadable))));
        assert!(is_open(&flag, &Orders::new()));
    }
}
