//! `POST /api/payments/spend/`: takes credits of a payer, once for each spend that a product
//! sealed.

use std::sync::Arc;

use confab_contracts::payments::Spend;
use confab_core::{Error, Result};
use confab_lambda::{Response, Router, extract::Json, response};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::{
    config::SEAL_SECRET,
    state::{Part, State},
    store::SpendOutcome,
};

pub const PARTS: &[Part] = &[Part::Store, Part::Seal, Part::DynamoDbConnection];

pub fn routes() -> Router<State> {
    Router::new().route("POST /api/payments/spend/", post_spend)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SealedSpend {
    spend: String,
}

#[derive(Serialize)]
struct Balance {
    balance: i64,
}

async fn post_spend(state: Arc<State>, Json(body): Json<SealedSpend>) -> Result<Response> {
    let (secrets, now) = (state.secrets()?, state.clock.now());
    let spend: Spend = secrets.unseal(SEAL_SECRET, &body.spend, now).await?;
    if spend.credits == 0 {
        return Err(Error::invalid(
            "nothing_to_spend",
            "A spend takes at least one credit.",
        ));
    }
    let (outcome, balance) = state.store()?.spend(&spend, None).await?;
    match outcome {
        SpendOutcome::Spent | SpendOutcome::Duplicate => {
            response::json(StatusCode::OK, &Balance { balance })
        }
        SpendOutcome::TooFewCredits | SpendOutcome::OrderChanged => Err(Error::conflict(
            "too_few_credits",
            "There are not enough credits.",
        )),
    }
}
