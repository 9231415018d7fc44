//! What `confab desk` changes. Each change is asked for first, unless it gives something back.

use std::collections::BTreeMap;

use anyhow::Result;
use confab_core::TenantId;
use serde_json::{Value, json};

use super::{LimitAmount, call, reads::describe, text};
use crate::{
    answer::{Answer, Misused},
    ports::{Ask, Caller, Functions},
};

pub(crate) async fn suspend(
    place: &(impl Functions + Caller),
    tenant: TenantId,
    reason: &str,
    ask: &impl Ask,
) -> Result<Answer> {
    let question = format!("Suspend {tenant}? Its people and programs are refused.");
    if !ask.confirm(&question)? {
        return Ok(unchanged());
    }
    let command = json!({ "tenant": tenant, "reason": reason });
    changed(call(place, "suspend", command).await?)
}

pub(crate) async fn resume(
    place: &(impl Functions + Caller),
    tenant: TenantId,
    reason: &str,
) -> Result<Answer> {
    let command = json!({ "tenant": tenant, "reason": reason });
    changed(call(place, "resume", command).await?)
}

pub(crate) async fn set_plan(
    place: &(impl Functions + Caller),
    tenant: TenantId,
    plan: &str,
    reason: &str,
    ask: &impl Ask,
) -> Result<Answer> {
    if !ask.confirm(&format!("Put {tenant} on the plan {plan}?"))? {
        return Ok(unchanged());
    }
    let command = json!({ "tenant": tenant, "plan": plan, "reason": reason });
    changed(call(place, "set_plan", command).await?)
}

pub(crate) async fn set_limits(
    place: &(impl Functions + Caller),
    tenant: TenantId,
    amounts: &[LimitAmount],
    reason: Option<&str>,
    ask: &impl Ask,
) -> Result<Answer> {
    let Some(reason) = reason else {
        let message = "Say why the limits are set: --reason.".to_owned();
        return Err(Misused(message).into());
    };
    let of: BTreeMap<_, _> = amounts
        .iter()
        .map(|limit| (limit.name.as_str(), limit.amount))
        .collect();
    if of.len() < amounts.len() {
        let message = "A limit is set once in a command.".to_owned();
        return Err(Misused(message).into());
    }
    let names = of.keys().copied().collect::<Vec<_>>().join(", ");
    if !ask.confirm(&format!("Set {names} of {tenant}?"))? {
        return Ok(unchanged());
    }
    let command = json!({ "tenant": tenant, "amounts": of, "reason": reason });
    let json = call(place, "set_limits", command).await?;
    let amounts = json["tenant"]["amounts"].to_string();
    let body = format!("Set in the place of the plan's: {amounts}\n");
    Ok(Answer::fine(body, json))
}

pub(crate) async fn set_operator(
    place: &(impl Functions + Caller),
    email: &str,
    is_operator: bool,
    reason: &str,
    ask: &impl Ask,
) -> Result<Answer> {
    let question = if is_operator {
        format!("Let {email} see all workspaces, and suspend them?")
    } else {
        format!("Let {email} be an operator no longer?")
    };
    if !ask.confirm(&question)? {
        return Ok(unchanged());
    }
    let command = json!({ "email": email, "is_operator": is_operator, "reason": reason });
    let json = call(place, "set_operator", command).await?;
    let words = if is_operator {
        "is an operator"
    } else {
        "is no operator"
    };
    let body = format!("{} {words}.\n", text(&json, "user"));
    Ok(Answer::fine(body, json))
}

fn changed(json: Value) -> Result<Answer> {
    Ok(Answer::fine(describe(&json["tenant"])?, json))
}

fn unchanged() -> Answer {
    Answer::fine("Nothing was changed.\n", json!({ "changed": false }))
}
