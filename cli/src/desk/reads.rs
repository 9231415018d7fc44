//! What `confab desk` shows.

use std::fmt::Write;

use anyhow::Result;
use confab_core::{TenantId, Timestamp};
use serde_json::{Value, json};

use super::{call, text};
use crate::{
    answer::Answer,
    ports::{Caller, Functions},
    words::{row, table},
};

/// Items that the service answers at once.
const MAX_PAGE: usize = 100;

/// What is listed.
#[derive(Debug, Clone, Default)]
pub(crate) struct TenantFilter {
    pub(crate) state: Option<String>,
    pub(crate) plan: Option<String>,
    pub(crate) limit: u16,
}

pub(crate) async fn tenants(
    place: &(impl Functions + Caller),
    filter: &TenantFilter,
) -> Result<Answer> {
    let command = json!({ "status": filter.state, "plan": filter.plan });
    let (items, next) = list(place, "tenants", command, filter.limit).await?;
    let mut rows = vec![row(["workspace", "address", "state", "plan", "created"])];
    for item in &items {
        let names = ["id", "slug", "status", "plan", "created_at"];
        rows.push(row(names.map(|name| text(item, name))));
    }
    let body = if items.is_empty() {
        "There is no such workspace.\n".to_owned()
    } else {
        table(&rows, &[])
    };
    let answer = json!({ "tenants": items, "next": next });
    Ok(Answer::fine(body + more(&next), answer))
}

pub(crate) async fn audit(
    place: &(impl Functions + Caller),
    tenant: TenantId,
    since: Option<Timestamp>,
    limit: u16,
) -> Result<Answer> {
    let command = json!({ "tenant": tenant, "since": since });
    let (items, next) = list(place, "audit", command, limit).await?;
    let mut rows = vec![row(["time", "action", "by", "on", "reason"])];
    for item in &items {
        let actor = &item["actor"];
        let by = format!("{} {}", text(actor, "kind"), text(actor, "id"));
        // A reason may have several lines.
        let note = text(item, "note").replace('\n', " ");
        rows.push(row([
            text(item, "at"),
            text(item, "action"),
            &by,
            text(item, "target"),
            &note,
        ]));
    }
    let body = if items.is_empty() {
        "Nothing was done in that time.\n".to_owned()
    } else {
        table(&rows, &[])
    };
    let answer = json!({ "entries": items, "next": next });
    Ok(Answer::fine(body + more(&next), answer))
}

/// Reads pages until there are enough items. Returns them with the place of those that follow.
async fn list(
    place: &(impl Functions + Caller),
    step: &str,
    mut command: Value,
    limit: u16,
) -> Result<(Vec<Value>, Value)> {
    let limit = usize::from(limit);
    let mut items = Vec::new();
    loop {
        command["limit"] = json!((limit - items.len()).min(MAX_PAGE));
        let page = call(place, step, command.clone()).await?;
        let found = page["items"].as_array().into_iter().flatten();
        items.extend(found.take(limit - items.len()).cloned());
        let next = page["next"].clone();
        if next.is_null() || items.len() == limit {
            return Ok((items, next));
        }
        command["after"] = next;
    }
}

fn more(next: &Value) -> &'static str {
    if next.is_null() {
        ""
    } else {
        "There may be more: see --limit.\n"
    }
}

pub(crate) async fn tenant(place: &(impl Functions + Caller), tenant: TenantId) -> Result<Answer> {
    let json = call(place, "tenant", json!({ "tenant": tenant })).await?;
    let mut body = describe(&json["tenant"])?;
    let setup = &json["setup"];
    writeln!(body, "setup     {}", describe_setup(setup))?;
    body.push('\n');
    body.push_str(&limit_table(&json["limits"]));
    let is_fine = setup["state"] != "failed";
    Ok(Answer {
        text: body,
        json,
        is_fine,
    })
}

/// Describes a workspace in lines.
pub(super) fn describe(tenant: &Value) -> Result<String> {
    let mut body = String::new();
    writeln!(body, "workspace {}", text(tenant, "id"))?;
    let (name, slug) = (text(tenant, "name"), text(tenant, "slug"));
    writeln!(body, "name      {name} ({slug})")?;
    writeln!(body, "state     {}", text(tenant, "status"))?;
    for (reason, hold) in tenant["holds"].as_object().into_iter().flatten() {
        let (since, note) = (text(hold, "since"), text(hold, "note"));
        writeln!(body, "held      {reason} since {since}: {note}")?;
    }
    if let Some(at) = tenant["erase_at"].as_str() {
        writeln!(body, "erased    {at}, unless an owner restores it")?;
    }
    let trial_end = tenant["trial_ends_at"].as_str();
    let trial_end = trial_end.map(|at| format!(" until {at}"));
    let plan = text(tenant, "plan");
    writeln!(body, "plan      {plan}{}", trial_end.unwrap_or_default())?;
    let (members, owners) = (&tenant["members"], &tenant["owners"]);
    writeln!(body, "members   {members}, owners {owners}")?;
    writeln!(body, "created   {}", text(tenant, "created_at"))?;
    Ok(body)
}

fn describe_setup(setup: &Value) -> String {
    if setup.is_null() {
        return "none".to_owned();
    }
    let (state, current) = (text(setup, "state"), text(setup, "current"));
    let progress = format!("{state}, {} of {} steps", setup["step"], setup["of"]);
    if state == "ready" {
        return progress;
    }
    let (tries, code) = (&setup["tries"], text(setup, "last_code"));
    format!("{progress}; {current} was tried {tries} times, last code {code}")
}

pub(crate) async fn limits(place: &(impl Functions + Caller), tenant: TenantId) -> Result<Answer> {
    let json = call(place, "limits", json!({ "tenant": tenant })).await?;
    Ok(Answer::fine(limit_table(&json), json))
}

fn limit_table(limits: &Value) -> String {
    let mut rows = vec![row([
        "limit", "used", "reserved", "amount", "cap", "beyond", "counted",
    ])];
    for limit in limits["limits"].as_array().into_iter().flatten() {
        let count = |name: &str| match limit[name].as_u64() {
            Some(count) => count.to_string(),
            None => "-".to_owned(),
        };
        let counted = match limit["resets_at"].as_str() {
            Some(_) => format!("in {}", text(limits, "period")),
            None => "now".to_owned(),
        };
        let [used, reserved, amount, cap] = ["used", "reserved", "limit", "cap"].map(count);
        rows.push(row([
            text(limit, "name"),
            &used,
            &reserved,
            &amount,
            &cap,
            text(limit, "policy"),
            &counted,
        ]));
    }
    table(&rows, &[1, 2, 3, 4])
}
