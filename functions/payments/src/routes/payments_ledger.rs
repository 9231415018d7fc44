//! `GET /api/payments/ledger/..`: the books, for the operator. Orders of a day, one order in whole, an account, flags.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use confab_core::{CorrelationId, Error, OrderId, Result, Timestamp};
use confab_lambda::{ApiRequest, Response, response};
use futures::{StreamExt, stream};
use http::StatusCode;
use payments_domain::{Order, Tell};
use serde::Serialize;

use crate::{
    Auditor,
    config::OPERATOR,
    store::{FlagView, LedgerRow, TellRow},
};

/// How many orders are read at once to tell which flags are open.
const ORDERS_AT_ONCE: usize = 8;

#[derive(Serialize)]
struct OrdersOut {
    orders: Vec<OrderOut>,
    /// The keys of orders of the day that cannot be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unreadable: Vec<String>,
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
    flags: Vec<FlagOut>,
}

#[derive(Serialize)]
struct FlagOut {
    #[serde(flatten)]
    flag: FlagView,
    /// The payment still needs a look: its order carries the flag, or no order is known that could.
    is_open: bool,
}

pub async fn handle(deps: Arc<Auditor>, call: ApiRequest) -> Result<Response> {
    is_operator(&deps, &call).await?;
    let path = call
        .path()
        .trim_start_matches("/api/payments/ledger/")
        .trim_end_matches('/');
    let parts: Vec<_> = path.split('/').collect();
    let day = || {
        call.query_value("day")
            .unwrap_or_else(|| deps.store.today())
    };
    match parts[..] {
        ["orders"] => {
            let page = deps
                .store
                .orders_of(&day(), call.query_value("after").as_deref())
                .await?;
            let orders = page
                .orders
                .into_iter()
                .map(|row| OrderOut::of(row.order))
                .collect();
            response::json(
                StatusCode::OK,
                &OrdersOut {
                    orders,
                    unreadable: page.unreadable,
                    next: page.next,
                },
            )
        }
        ["orders", id] => {
            let unknown = || Error::not_found("order");
            let id: OrderId = id.parse().map_err(|_| unknown())?;
            let file = deps.store.file_of(id).await?.ok_or_else(unknown)?;
            let told = file.told.into_iter().map(ToldOut::from).collect();
            response::json(
                StatusCode::OK,
                &FileOut {
                    order: OrderOut::of(file.order.order),
                    rows: file.rows,
                    told,
                },
            )
        }
        ["accounts", product, payer] => {
            let (balance, rows) = deps.store.account(product, payer).await?;
            response::json(StatusCode::OK, &AccountOut { balance, rows })
        }
        ["flags"] => response::json(
            StatusCode::OK,
            &FlagsOut {
                flags: flags_of(&deps, &day()).await?,
            },
        ),
        _ => Err(Error::not_found("page")),
    }
}

/// The flags that were raised on a day, each with whether it is still open.
async fn flags_of(deps: &Auditor, day: &str) -> Result<Vec<FlagOut>> {
    let flags = deps.store.flags_of(day).await?;
    let ids: BTreeSet<_> = flags.iter().filter_map(|flag| flag.order_id).collect();
    let orders = stream::iter(ids).map(|id| async move { (id, deps.store.order(id).await) });
    let orders: HashMap<_, _> = orders.buffer_unordered(ORDERS_AT_ONCE).collect().await;
    // The flag of an order that cannot be read stays open.
    let is_open = |flag: &FlagView| match flag.order_id.and_then(|id| orders.get(&id)) {
        Some(Ok(Some(row))) => row.order.flags.get(&flag.payment) == Some(&flag.flag),
        _ => true,
    };
    Ok(flags
        .into_iter()
        .map(|flag| FlagOut {
            is_open: is_open(&flag),
            flag,
        })
        .collect())
}

impl OrderOut {
    fn of(order: Order) -> Self {
        Self {
            balance: order.balance(),
            order,
        }
    }
}

impl From<TellRow> for ToldOut {
    fn from(row: TellRow) -> Self {
        let TellRow {
            id,
            correlation_id,
            cause,
            tell,
            settled,
            ..
        } = row;
        Self {
            tell,
            cause,
            correlation_id,
            at: id.made_at(),
            is_told: settled,
        }
    }
}

async fn is_operator(deps: &Auditor, call: &ApiRequest) -> Result<()> {
    let told = call.bearer().unwrap_or_default();
    let known = deps.keys.verify(OPERATOR, told).await?;
    known
        .then_some(())
        .ok_or_else(|| Error::unauthenticated("The operator's key is expected."))
}
