//! Lists in pages, and expansion of ids to objects.

use serde_json::{Value, json};

use crate::{
    api_error::ApiError,
    form::Form,
    objects::ObjectKind,
    tables::{self, Cursor},
    unit_of_work::UnitOfWork,
};

pub(crate) const PAGING: [&str; 4] = ["limit", "starting_after", "ending_before", "expand"];

/// Reads the size and the start of a page. `place` finds the row of an id.
pub(crate) fn paging(
    form: &Form,
    place: impl Fn(&str) -> Result<Option<i64>, ApiError>,
    what: &str,
) -> Result<(usize, Cursor), ApiError> {
    let limit = match form.integer(&["limit"])?.unwrap_or(10) {
        limit @ 1..=100 => usize::try_from(limit).unwrap_or(10),
        _ => {
            return Err(
                ApiError::bad("Invalid integer: limit must be from 1 to 100.").param("limit"),
            );
        }
    };
    let place = |id: &str| place(id)?.ok_or_else(|| ApiError::missing(what, id));
    let cursor = match (
        form.text(&["starting_after"]),
        form.text(&["ending_before"]),
    ) {
        (None, None) => Cursor::Newest,
        (Some(id), None) => Cursor::OlderThan(place(id)?),
        (None, Some(id)) => Cursor::NewerThan(place(id)?),
        (Some(_), Some(_)) => {
            return Err(ApiError::bad(
                "You can only specify one of these parameters: starting_after, ending_before.",
            ));
        }
    };
    Ok((limit, cursor))
}

pub(crate) fn rendered(path: &str, data: Vec<Value>, has_more: bool) -> Value {
    json!({"object": "list", "url": format!("/v1/{path}"), "has_more": has_more, "data": data})
}

/// Lists objects, of one payment if the request names it.
pub(crate) fn objects(
    unit: &UnitOfWork<'_, '_>,
    sort: ObjectKind,
    path: &str,
    form: &Form,
) -> Result<Value, ApiError> {
    form.check_names(&[&PAGING[..], &["payment_intent"]].concat())?;
    let db = unit.tx.db;
    let (limit, cursor) = paging(form, |id| Ok(tables::place_of(db, sort, id)?), sort.name())?;
    let (found, has_more) = tables::list(db, sort, form.text(&["payment_intent"]), cursor, limit)?;
    let data = found
        .into_iter()
        .map(|object| unit.wire(object))
        .collect::<Result<_, _>>()?;
    Ok(rendered(path, data, has_more))
}

const MAX_EXPAND_DEPTH: usize = 4;

/// Expands a path such as `payment_intent.latest_charge`, or `data.payment_intent` in a list.
pub(crate) fn expand(
    unit: &UnitOfWork<'_, '_>,
    answer: &mut Value,
    path: &str,
) -> Result<(), ApiError> {
    let names: Vec<&str> = path.split('.').collect();
    if names.len() > MAX_EXPAND_DEPTH {
        return Err(ApiError::bad(format!(
            "You cannot expand more than {MAX_EXPAND_DEPTH} levels of a property."
        )));
    }
    let cannot = || ApiError::bad(format!("This property cannot be expanded ({path})."));
    expand_at(unit, answer, &names)?
        .then_some(())
        .ok_or_else(cannot)
}

fn expand_at(
    unit: &UnitOfWork<'_, '_>,
    value: &mut Value,
    names: &[&str],
) -> Result<bool, ApiError> {
    let Some((name, rest)) = names.split_first() else {
        return Ok(true);
    };
    if let Some(elements) = value
        .get_mut("data")
        .filter(|_| *name == "data")
        .and_then(Value::as_array_mut)
    {
        let mut all = true;
        for element in elements {
            all &= expand_at(unit, element, rest)?;
        }
        return Ok(all && !rest.is_empty());
    }
    let Some(inner) = value.get_mut(*name) else {
        return Ok(false);
    };
    if inner.is_null() {
        return Ok(true);
    }
    if let Some(id) = inner.as_str() {
        let Some(object) = tables::get(unit.tx.db, id)? else {
            return Ok(false);
        };
        *inner = unit.wire(object)?;
    }
    expand_at(unit, inner, rest)
}
