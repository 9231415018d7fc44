//! Mails in the control API.

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    routing::get,
};
use confab_emulator::{MailSummary, StoredMail};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    problem::{Problem, not_found},
    state::Control,
};

pub(super) fn routes() -> Router<Control> {
    Router::new()
        .route("/api/mails", get(list).delete(clear))
        .route("/api/mails/{id}", get(show).delete(delete))
}

#[derive(Deserialize)]
struct Limit {
    limit: Option<usize>,
}

async fn list(
    State(control): State<Control>,
    Query(query): Query<Limit>,
) -> Result<Json<Vec<MailSummary>>, Problem> {
    let mails = control.emulator.mails.list(query.limit.unwrap_or(100));
    Ok(Json(mails.map_err(anyhow::Error::from)?))
}

async fn show(
    State(control): State<Control>,
    Path(id): Path<String>,
) -> Result<Json<StoredMail>, Problem> {
    let mail = control.emulator.mails.get(&id);
    let mail = mail.map_err(anyhow::Error::from)?;
    mail.map(Json).ok_or_else(|| not_found("such mail"))
}

async fn delete(
    State(control): State<Control>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let deleted = control.emulator.mails.delete(&id);
    match deleted.map_err(anyhow::Error::from)? {
        0 => Err(not_found("such mail")),
        deleted => {
            control.emulator.recorder.mark_changed();
            Ok(Json(json!({ "deleted": deleted })))
        }
    }
}

async fn clear(State(control): State<Control>) -> Result<Json<Value>, Problem> {
    let deleted = control.emulator.mails.clear();
    let deleted = deleted.map_err(anyhow::Error::from)?;
    control.emulator.recorder.mark_changed();
    Ok(Json(json!({ "deleted": deleted })))
}
