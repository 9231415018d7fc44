//! `POST /api/payments/spend/`: takes credits from what a person has, once for each spend that a product sealed.

use std::sync::Arc;

use confab_contracts::payments::Spend;
use confab_core::{Clock, Error, Result};
use confab_lambda::{ApiRequest, Response, response};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::{Spending, config::SEAL, store::Spent};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct In {
    spend: String,
}

#[derive(Serialize)]
struct Out {
    balance: i64,
}

pub async fn handle(deps: Arc<Spending>, call: ApiRequest) -> Result<Response> {
    let In { spend } = call.json()?;
    let spend: Spend = deps.keys.unseal(SEAL, &spend, deps.clock.now()).await?;
    if spend.credits == 0 {
        return Err(Error::invalid(
            "nothing_to_spend",
            "A spend takes at least one credit.",
        ));
    }
    match deps.store.spend(&spend, None).await? {
        (Spent::Now | Spent::Before, balance) => response::json(StatusCode::OK, &Out { balance }),
        (Spent::TooLittle | Spent::Raced, _) => Err(Error::conflict(
            "too_few_credits",
            "There are not enough credits.",
        )),
    }
}
