//! The list of events of the last thirty days, delivered or not.

use serde_json::Value;

use crate::{
    api_error::ApiError,
    form::Form,
    list::{PAGING, paging, rendered},
    tables::{self, EventFilter},
    unit_of_work::UnitOfWork,
};

const EVENT_TTL_S: i64 = 30 * 24 * 60 * 60;

pub(crate) fn list(unit: &UnitOfWork<'_, '_>, form: &Form) -> Result<Value, ApiError> {
    form.check_names(
        &[
            &PAGING[..],
            &["type", "types", "delivery_success", "created"],
        ]
        .concat(),
    )?;
    let db = unit.tx.db;
    let (limit, cursor) = paging(form, |id| Ok(tables::place_of_event(db, id)?), "event")?;
    let mut kinds = form.texts("types");
    kinds.extend(form.text(&["type"]));
    if kinds.len() > 20 {
        return Err(ApiError::bad("You may pass up to 20 types.").param("types"));
    }
    let delivered = match form.text(&["delivery_success"]) {
        None => None,
        Some("true") => Some(true),
        Some("false") => Some(false),
        Some(other) => {
            return Err(
                ApiError::bad(format!("Invalid boolean: {other}")).param("delivery_success")
            );
        }
    };
    let created = |bound: &str| form.integer(&["created", bound]);
    let from = created("gte")?
        .or(created("gt")?.map(|second| second + 1))
        .unwrap_or(0);
    let to = created("lte")?
        .or(created("lt")?.map(|second| second - 1))
        .unwrap_or(i64::MAX);
    let created_from = from.max(unit.seconds() - EVENT_TTL_S);
    let filter = EventFilter {
        kinds,
        delivered,
        created_from,
        created_to: to,
    };
    let (data, has_more) = tables::events(db, &filter, cursor, limit)?;
    Ok(rendered("events", data, has_more))
}

pub(crate) fn get(unit: &UnitOfWork<'_, '_>, id: &str) -> Result<Value, ApiError> {
    let event = tables::event(unit.tx.db, id)?;
    let recent = |event: &Value| event["created"].as_i64() >= Some(unit.seconds() - EVENT_TTL_S);
    event
        .filter(recent)
        .ok_or_else(|| ApiError::missing("event", id))
}
