//! `confab desk`: workspaces of Desk, by commands that the function `desk-operator` executes. IAM decides who may invoke
//! it, and each command names its caller for the audit.

mod changes;
mod parse;
mod reads;
#[cfg(test)]
mod tests;

use anyhow::{Result, bail};
use serde_json::{Value, json};

pub(crate) use self::{
    changes::{resume, set_limits, set_operator, set_plan, suspend},
    parse::{LimitAmount, parse_amount, parse_since},
    reads::{TenantFilter, audit, limits, tenant, tenants},
};
use crate::{
    operator::execute_by,
    ports::{Caller, Functions},
};

const FUNCTION: &str = "desk-operator";

/// Has a command executed. What the service refuses is an error in its words.
async fn call(place: &(impl Functions + Caller), step: &str, mut command: Value) -> Result<Value> {
    command["step"] = json!(step);
    command["by"] = json!(place.caller().await?);
    let answer: Value = execute_by(place, FUNCTION, command).await?;
    let refused = &answer["refused"];
    if refused.is_object() {
        bail!("{} ({})", text(refused, "message"), text(refused, "code"));
    }
    Ok(answer)
}

/// Returns a text of an answer, or a dash.
fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or("-")
}
