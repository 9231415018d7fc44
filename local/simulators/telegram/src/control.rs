//! Control API: people, chats, and what Telegram saw.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, Query, State, rejection::JsonRejection},
};
use confab_simulator_base::{Answer, Problem};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    api,
    calls::{CALLS, SeenCall, VIOLATIONS},
    chat_methods::{self, CALLBACKS},
    chats::{CHATS, Chat, PEOPLE, Person, Profile},
    groups,
    messages::{self, StoredMessage},
    tables,
    telegram::Telegram,
    updates, webhook,
};

/// Time after which a tap without an answer is a violation.
const ANSWER_MS: i64 = 15_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawUpdate {
    /// Updates with one queue are delivered in order.
    #[serde(default = "raw_queue")]
    queue: String,
    kind: String,
    body: Value,
}

fn raw_queue() -> String {
    "raw".into()
}

pub(crate) async fn bot(State(telegram): State<Arc<Telegram>>) -> Json<Value> {
    Json(api::me(&telegram))
}

pub(crate) async fn people(State(telegram): State<Arc<Telegram>>) -> Answer<Json<Vec<Person>>> {
    Ok(Json(PEOPLE.all(&telegram.context.store().db)?))
}

pub(crate) async fn add_person(
    State(telegram): State<Arc<Telegram>>,
    profile: Result<Json<Profile>, JsonRejection>,
) -> Answer<Json<Person>> {
    let Json(profile) = profile?;
    if profile.first_name.trim().is_empty() {
        return Err(Problem::Invalid("first_name must not be empty.".into()));
    }
    telegram.write(|unit| {
        let person = Person::add(unit, profile)?;
        unit.show("chats", json!({}));
        Ok(Json(person))
    })
}

/// Deletes the account of a person, to whom nothing can be sent from then on.
pub(crate) async fn deactivate(
    State(telegram): State<Arc<Telegram>>,
    Path(id): Path<i64>,
) -> Answer<Json<Person>> {
    telegram.write(|unit| {
        let mut person = groups::person(unit, id)?;
        person.is_deactivated = true;
        PEOPLE.put(unit.db, id, &person)?;
        unit.show("chats", json!({}));
        Ok(Json(person))
    })
}

pub(crate) async fn chats(State(telegram): State<Arc<Telegram>>) -> Answer<Json<Vec<Value>>> {
    let chats = CHATS.all(&telegram.context.store().db)?;
    Ok(Json(
        chats.iter().map(|chat| view(&telegram, chat)).collect(),
    ))
}

/// Returns a chat with its sign of life, if one is shown now.
fn view(telegram: &Telegram, chat: &Chat) -> Value {
    let now = telegram.context.now();
    let live = telegram.live();
    let sign = live.signs.get(&chat.id).filter(|sign| now < sign.until);
    let mut view = json!(chat);
    view["sign"] = sign.map(|sign| sign.body.clone()).into();
    view
}

pub(crate) async fn messages(
    State(telegram): State<Arc<Telegram>>,
    Path(chat): Path<i64>,
) -> Answer<Json<Vec<Value>>> {
    let store = telegram.context.store();
    CHATS
        .get(&store.db, chat)?
        .ok_or(Problem::NotFound("chat"))?;
    let stored = messages::of_chat(&store.db, chat)?;
    Ok(Json(stored.iter().map(StoredMessage::view).collect()))
}

pub(crate) async fn callback(
    State(telegram): State<Arc<Telegram>>,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    let callback = CALLBACKS.get(&telegram.context.store().db, id)?;
    Ok(Json(json!(callback.ok_or(Problem::NotFound("tap"))?)))
}

pub(crate) async fn commands(
    State(telegram): State<Arc<Telegram>>,
    Query(query): Query<HashMap<String, String>>,
) -> Answer<Json<Value>> {
    let language = query.get("language_code").map_or("", String::as_str);
    Ok(Json(chat_methods::shown_commands(&telegram, language)?))
}

pub(crate) async fn calls(
    State(telegram): State<Arc<Telegram>>,
    Query(query): Query<HashMap<String, String>>,
) -> Answer<Json<Vec<SeenCall>>> {
    let after = query.get("after").map(|after| after.parse::<i64>());
    let after = after.transpose();
    let after = after.map_err(|_| Problem::Invalid("after must be a number.".into()))?;
    let calls = CALLS.all(&telegram.context.store().db)?;
    let is_new = |call: &SeenCall| after.is_none_or(|after| call.id > after);
    Ok(Json(calls.into_iter().filter(is_new).collect()))
}

pub(crate) async fn violations(State(telegram): State<Arc<Telegram>>) -> Answer<Json<Vec<Value>>> {
    let now = telegram.context.now();
    let store = telegram.context.store();
    let stored = VIOLATIONS.all(&store.db)?;
    let mut violations: Vec<Value> = stored.iter().map(|found| json!(found)).collect();
    for tap in CALLBACKS.all(&store.db)? {
        if tap.answer.is_none() && now - tap.at > ANSWER_MS {
            let kind = "callback_not_answered";
            violations.push(json!({"at": tap.at, "kind": kind, "about": tap}));
        }
    }
    Ok(Json(violations))
}

/// Counts the updates that the app has not accepted yet.
pub(crate) async fn pending(State(telegram): State<Arc<Telegram>>) -> Answer<Json<Value>> {
    let count = updates::count(&telegram.context.store().db)?;
    Ok(Json(json!({"updates": count})))
}

pub(crate) async fn webhook(State(telegram): State<Arc<Telegram>>) -> Answer<Json<Value>> {
    let store = telegram.context.store();
    Ok(Json(webhook::get(&store.db)?.info(&store.db)?))
}

/// Queues an update of any kind, whether or not the app has asked for it.
pub(crate) async fn add_update(
    State(telegram): State<Arc<Telegram>>,
    raw: Result<Json<RawUpdate>, JsonRejection>,
) -> Answer<Json<Value>> {
    let Json(raw) = raw?;
    telegram.write(|unit| {
        let queue = format!("raw {}", raw.queue);
        let id = updates::add_unasked(unit, &queue, &raw.kind, &raw.body)?;
        Ok(Json(json!({"update_id": id})))
    })
}

/// Forgets people, chats, files, updates and calls. Settings and the webhook remain.
pub(crate) async fn reset(State(telegram): State<Arc<Telegram>>) -> Answer<Json<Value>> {
    telegram.live().signs.clear();
    telegram.write(|unit| {
        tables::reset(unit.db)?;
        unit.show("chats", json!({}));
        Ok(Json(json!({})))
    })
}
