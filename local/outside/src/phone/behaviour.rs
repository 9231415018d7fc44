//! How the providers behave, and what tests count.

use std::{collections::HashMap, sync::Arc, time::Instant};

use axum::{
    Json,
    extract::{Query, State, rejection::JsonRejection},
};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    Outside, Sighting,
    problem::{Answer, Problem, changed},
    settings::{Faults, Settings},
    store::messages::{self, Kept},
};

pub(crate) async fn settings(State(outside): State<Arc<Outside>>) -> Json<Settings> {
    Json(outside.store().settings.clone())
}

pub(crate) async fn set_settings(
    State(outside): State<Arc<Outside>>,
    changes: Result<Json<Map<String, Value>>, JsonRejection>,
) -> Answer<Json<Settings>> {
    let Json(changes) = changes?;
    let mut store = outside.store();
    let settings = changed(&store.settings, changes)?;
    settings.check().map_err(Problem::Invalid)?;
    store.keep_settings(settings.clone())?;
    drop(store);
    outside.work.notify_one();
    Ok(Json(settings))
}

pub(crate) async fn faults(State(outside): State<Arc<Outside>>) -> Json<Faults> {
    Json(outside.store().faults.clone())
}

pub(crate) async fn set_faults(
    State(outside): State<Arc<Outside>>,
    faults: Result<Json<Faults>, JsonRejection>,
) -> Answer<Json<Faults>> {
    let Json(faults) = faults?;
    faults.check().map_err(Problem::Invalid)?;
    outside.store().faults = faults.clone();
    Ok(Json(faults))
}

/// How many webhooks are still owed.
pub(crate) async fn pending(State(outside): State<Arc<Outside>>) -> Json<Value> {
    Json(json!({"webhooks": outside.store().queue.len()}))
}

#[derive(Debug, Deserialize)]
pub(crate) struct Whose {
    person: Option<String>,
}

/// All that a provider accepted from the app. A reference that comes twice is a message that was sent twice.
pub(crate) async fn sent(
    State(outside): State<Arc<Outside>>,
    Query(whose): Query<Whose>,
) -> Answer<Json<Value>> {
    let sent = messages::sent_by_app(&outside.store().db, whose.person.as_deref())?;
    let mut times: HashMap<&str, usize> = HashMap::new();
    for kept in &sent {
        if let Some(reference) = &kept.backstage.reference {
            *times.entry(reference).or_default() += 1;
        }
    }
    let twice: Vec<&str> = times
        .iter()
        .filter(|(_, times)| **times > 1)
        .map(|(reference, _)| *reference)
        .collect();
    let messages: Vec<Value> = sent.iter().map(shown).collect();
    Ok(Json(
        json!({"total": sent.len(), "sent_twice": twice, "messages": messages}),
    ))
}

fn shown(
    Kept {
        person,
        message,
        backstage,
    }: &Kept,
) -> Value {
    json!({
        "id": message.id, "person": person, "at": message.at, "type": message.content.word(), "status": message.status,
        "context_id": message.context_id, "correlation_id": message.correlation_id, "reference": backstage.reference,
    })
}

/// Meta registers our webhook address: it must give the challenge back.
pub(crate) async fn verify(State(outside): State<Arc<Outside>>) -> Json<Value> {
    let started = Instant::now();
    let options = &outside.options;
    let challenge = fastrand::u32(100_000_000..).to_string();
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("hub.mode", "subscribe")
        .append_pair("hub.challenge", &challenge)
        .append_pair(
            "hub.verify_token",
            options.secrets.meta_verify_token.expose_secret(),
        )
        .finish();
    let asked = outside
        .http
        .get(format!("{}?{query}", options.webhook_url))
        .send()
        .await;
    let (status, body) = match asked {
        Ok(response) => (
            response.status().as_u16(),
            response.text().await.unwrap_or_default(),
        ),
        Err(_) => (0, String::new()),
    };
    let ok = status == 200 && body == challenge;
    (options.sightings)(Sighting {
        at: outside.now(),
        correlation_id: None,
        provider: "meta",
        text: format!("verify the webhook: {status}"),
        ok,
        duration_ms: started.elapsed().as_secs_f64() * 1_000.0,
        reference: None,
    });
    Json(json!({"ok": ok, "status": status}))
}
