//! Control API of tunes: state, early completion and repeated callbacks. See docs/simulators.md.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
};
use confab_simulator_base::{Answer, Problem};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    api_error::ApiError,
    astria::Astria,
    life,
    objects::{Batch, Stage, Tune, urls},
    packs,
    tables::{self, Page},
    unit_of_work::UnitOfWork,
};

/// Lists all tunes, newest first.
pub(crate) async fn tunes(State(astria): State<Arc<Astria>>) -> Answer<Json<Value>> {
    let rows = in_transaction(&astria, |unit| {
        let tunes = tables::tunes(unit.tx.db, Page::ALL)?;
        tunes
            .iter()
            .map(|tune| row(unit, tune))
            .collect::<Result<Vec<_>, _>>()
    })?;
    Ok(Json(rows.into()))
}

pub(crate) async fn tune(
    State(astria): State<Arc<Astria>>,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    Ok(Json(in_transaction(&astria, |unit| {
        row(unit, &unit.tune(&id)?)
    })?))
}

/// Finishes a tune at once.
pub(crate) async fn finish(
    State(astria): State<Arc<Astria>>,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    let row = in_transaction(&astria, |unit| {
        life::finish(unit, unit.tune(&id)?)?;
        row(unit, &unit.tune(&id)?)
    })?;
    Ok(Json(row))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RepeatRequest {
    which: CallbackKind,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum CallbackKind {
    #[default]
    Prompts,
    Tune,
}

/// Sends the last callback again.
pub(crate) async fn call_back(
    State(astria): State<Arc<Astria>>,
    Path(id): Path<String>,
    again: Result<Json<RepeatRequest>, JsonRejection>,
) -> Answer<Json<Value>> {
    let Json(RepeatRequest { which }) = again?;
    let sent = in_transaction(&astria, |unit| {
        let tune = unit.tune(&id)?;
        if which == CallbackKind::Tune {
            return if tune.stage == Stage::Trained {
                unit.call_back_tune(&tune, true)
            } else {
                Ok(0)
            };
        }
        let batches = tables::batches_of(unit.tx.db, tune.id)?;
        match batches.iter().rfind(|batch| batch.done_at.is_some()) {
            Some(batch) => unit.call_back_batch(batch, true),
            None => Ok(0),
        }
    })?;
    match sent {
        0 => Err(Problem::Invalid(
            "There is nothing to report yet, or no callback to send it to.".into(),
        )),
        sent => Ok(Json(json!({"sent": sent}))),
    }
}

/// Counts the callbacks that are still owed.
pub(crate) async fn pending(State(astria): State<Arc<Astria>>) -> Json<Value> {
    Json(json!({"webhooks": astria.webhooks.len()}))
}

fn row(unit: &UnitOfWork<'_, '_>, tune: &Tune) -> Result<Value, ApiError> {
    let db = unit.tx.db;
    let prompts = tables::prompts_of(db, tune.id)?;
    let batches = tables::batches_of(db, tune.id)?;
    let pictures: Vec<String> = prompts
        .iter()
        .flat_map(|prompt| urls(&prompt.images, unit.base_url))
        .collect();
    let prompts = prompts.iter().map(|prompt| {
        json!({
            "id": prompt.id, "batch": prompt.batch, "template": prompt.template, "text": prompt.text,
            "done": prompt.is_done(), "failure": prompt.failure, "likes": prompt.likes, "images": urls(&prompt.images, unit.base_url),
        })
    });
    let batches = batches.iter().map(|batch| {
        json!({
            "id": batch.id, "title": batch.title, "pack": slug(batch.pack), "class": batch.class,
            "state": state(batch), "created_at": batch.created_at, "done_at": batch.done_at,
            "prompts_callback": batch.prompts_callback, "prompt_callback": batch.prompt_callback,
        })
    });
    Ok(json!({
        "id": tune.id, "title": tune.title, "class": tune.class, "pack": slug(tune.pack), "state": tune.stage,
        "photos": tune.originals.len(), "person": tune.person, "characteristics": tune.characteristics,
        "created_at": tune.created_at, "eta": tune.eta, "trained_at": tune.trained_at, "callback": tune.callback,
        "batches": batches.collect::<Vec<_>>(), "prompts": prompts.collect::<Vec<_>>(), "images": pictures,
        "callbacks": tables::callbacks(db, tune.id)?,
    }))
}

fn slug(pack: i64) -> Option<String> {
    packs::find(&pack.to_string()).map(|pack| pack.slug())
}

fn state(batch: &Batch) -> &'static str {
    match (batch.begun_at, batch.done_at) {
        (None, _) => "waiting",
        (Some(_), None) => "running",
        (Some(_), Some(_)) => "done",
    }
}

fn in_transaction<T>(
    astria: &Astria,
    work: impl FnOnce(&mut UnitOfWork<'_, '_>) -> Result<T, ApiError>,
) -> Result<T, Problem> {
    let done = astria
        .context
        .store()
        .write(|tx| work(&mut UnitOfWork::new(tx, astria)))?;
    astria.webhooks.wake();
    Ok(done)
}
