//! What tests and people look at and may hurry. See API.md of `local`.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Desk, life,
    objects::{Batch, Stage, Tune, urls},
    packs,
    refusal::Refusal,
};
use crate::{
    Outside,
    problem::{Answer, Problem},
    store::astria::{self, Page},
};

/// Newest first.
pub(super) async fn tunes(State(outside): State<Arc<Outside>>) -> Answer<Json<Value>> {
    let rows = at_desk(&outside, |desk| {
        let tunes = astria::tunes(desk.writer.db, Page::ALL)?;
        tunes
            .iter()
            .map(|tune| row(desk, tune))
            .collect::<Result<Vec<_>, _>>()
    })?;
    Ok(Json(rows.into()))
}

pub(super) async fn tune(
    State(outside): State<Arc<Outside>>,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    Ok(Json(at_desk(&outside, |desk| row(desk, &desk.tune(&id)?))?))
}

/// Without waiting for the clock.
pub(super) async fn finish(
    State(outside): State<Arc<Outside>>,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    let row = at_desk(&outside, |desk| {
        life::finish(desk, desk.tune(&id)?)?;
        row(desk, &desk.tune(&id)?)
    })?;
    Ok(Json(row))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Again {
    which: Which,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Which {
    #[default]
    Prompts,
    Tune,
}

/// A callback goes out once more, whatever became of it before.
pub(super) async fn call_back(
    State(outside): State<Arc<Outside>>,
    Path(id): Path<String>,
    again: Result<Json<Again>, JsonRejection>,
) -> Answer<Json<Value>> {
    let Json(Again { which }) = again?;
    let sent = at_desk(&outside, |desk| {
        let tune = desk.tune(&id)?;
        if which == Which::Tune {
            return if tune.stage == Stage::Trained {
                desk.tell_tune(&tune, true)
            } else {
                Ok(0)
            };
        }
        let batches = astria::batches_of(desk.writer.db, tune.id)?;
        match batches.iter().rfind(|batch| batch.done_at.is_some()) {
            Some(batch) => desk.tell_batch(batch, true),
            None => Ok(0),
        }
    })?;
    match sent {
        0 => Err(Problem::Invalid(
            "There is nothing to tell yet, or nobody to be told.".into(),
        )),
        sent => Ok(Json(json!({"sent": sent}))),
    }
}

/// How many callbacks are still owed.
pub(super) async fn pending(State(outside): State<Arc<Outside>>) -> Json<Value> {
    Json(json!({"webhooks": outside.store().tunes.len()}))
}

fn row(desk: &Desk<'_, '_>, tune: &Tune) -> Result<Value, Refusal> {
    let db = desk.writer.db;
    let prompts = astria::prompts_of(db, tune.id)?;
    let batches = astria::batches_of(db, tune.id)?;
    let pictures: Vec<String> = prompts
        .iter()
        .flat_map(|prompt| urls(&prompt.images, desk.base_url))
        .collect();
    let prompts = prompts.iter().map(|prompt| {
        json!({
            "id": prompt.id, "batch": prompt.batch, "template": prompt.template, "text": prompt.text,
            "done": prompt.is_done(), "failure": prompt.failure, "likes": prompt.likes, "images": urls(&prompt.images, desk.base_url),
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
        "callbacks": astria::callbacks(db, tune.id)?,
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

fn at_desk<T>(
    outside: &Outside,
    work: impl FnOnce(&mut Desk<'_, '_>) -> Result<T, Refusal>,
) -> Result<T, Problem> {
    let done = outside
        .store()
        .write(|writer| work(&mut Desk::new(writer, outside)))?;
    outside.tune_work.notify_one();
    Ok(done)
}
