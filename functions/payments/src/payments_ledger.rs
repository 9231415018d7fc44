//! `GET /api/payments/ledger/..`: the books, for the operator. Orders of a day, one order in whole, an account, flags.

use std::sync::Arc;

use confab_kernel::{CorrelationId, Error, OrderId, Result, Timestamp};
use confab_lambda::{Call, Reply, reply};
use http::StatusCode;
use payments_domain::{Order, Tell};
use serde::Serialize;

use crate::{
    Auditor,
    secret::OPERATOR,
    store::{FlagView, LedgerRow, TellRow},
};

#[derive(Serialize)]
struct OrdersOut {
    orders: Vec<OrderOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize)]
struct OrderOut {
    #[serde(flatten)]
    order: Order,
    balance: i64,
}

#[derive(Serialize)]
struct FileOut {
    order: OrderOut,
    rows: Vec<LedgerRow>,
    told: Vec<ToldOut>,
}

#[derive(Serialize)]
struct ToldOut {
    #[serde(flatten)]
    tell: Tell,
    cause: String,
    correlation_id: CorrelationId,
    /// When it was decided; the products are told right after.
    at: Timestamp,
    is_told: bool,
}

#[derive(Serialize)]
struct AccountOut {
    balance: i64,
    rows: Vec<LedgerRow>,
}

#[derive(Serialize)]
struct FlagsOut {
    flags: Vec<FlagView>,
}

pub async fn handle(deps: Arc<Auditor>, call: Call) -> Result<Reply> {
    is_operator(&deps, &call).await?;
    let path = call.path().trim_start_matches("/api/payments/ledger/").trim_end_matches('/');
    let parts: Vec<_> = path.split('/').collect();
    let day = || call.query_value("day").unwrap_or_else(|| deps.store.today());
    match parts[..] {
        ["orders"] => {
            let page = deps.store.orders_of(&day(), call.query_value("after").as_deref()).await?;
            let orders = page.orders.into_iter().map(|row| OrderOut::of(row.order)).collect();
            reply::json(StatusCode::OK, &OrdersOut { orders, next: page.next })
        }
        ["orders", id] => {
            let unknown = || Error::not_found("order");
            let id: OrderId = id.parse().map_err(|_| unknown())?;
            let file = deps.store.file_of(id).await?.ok_or_else(unknown)?;
            let told = file.told.into_iter().map(ToldOut::from).collect();
            reply::json(StatusCode::OK, &FileOut { order: OrderOut::of(file.order.order), rows: file.rows, told })
        }
        ["accounts", product, payer] => {
            let (balance, rows) = deps.store.account(product, payer).await?;
            reply::json(StatusCode::OK, &AccountOut { balance, rows })
        }
        ["flags"] => reply::json(StatusCode::OK, &FlagsOut { flags: deps.store.flags_of(&day()).await? }),
        _ => Err(Error::not_found("page")),
    }
}

impl OrderOut {
    fn of(order: Order) -> Self {
        Self { balance: order.balance(), order }
    }
}

impl From<TellRow> for ToldOut {
    fn from(row: TellRow) -> Self {
        let TellRow { id, correlation_id, cause, tell, settled, .. } = row;
        Self { tell, cause, correlation_id, at: id.made_at(), is_told: settled }
    }
}

async fn is_operator(deps: &Auditor, call: &Call) -> Result<()> {
    let told = call.bearer().unwrap_or_default();
    let known = deps.keys.opens(OPERATOR, told).await?;
    known.then_some(()).ok_or_else(|| Error::unauthenticated("The operator's key is expected."))
}
