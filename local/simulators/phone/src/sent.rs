//! Messages that the providers accepted from the app, for tests that look for duplicates.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json,
    extract::{Query, State},
};
use confab_simulator_base::Answer;
use confab_simulator_chat::{StoredMessage, messages};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::phone::Phone;

#[derive(Debug, Deserialize)]
pub(crate) struct Filter {
    person: Option<String>,
}

/// Lists all messages of the app, and the references that came more than once: those messages were
/// sent twice.
pub(crate) async fn list(
    State(phone): State<Arc<Phone>>,
    Query(filter): Query<Filter>,
) -> Answer<Json<Value>> {
    let sent = messages::sent_by_app(&phone.context.store().db, filter.person.as_deref())?;
    let mut times: HashMap<&str, usize> = HashMap::new();
    for stored in &sent {
        if let Some(reference) = &stored.options.reference {
            *times.entry(reference).or_default() += 1;
        }
    }
    let twice: Vec<&str> = times
        .iter()
        .filter(|(_, times)| **times > 1)
        .map(|(reference, _)| *reference)
        .collect();
    let messages: Vec<Value> = sent.iter().map(rendered).collect();
    Ok(Json(
        json!({"total": sent.len(), "sent_twice": twice, "messages": messages}),
    ))
}

fn rendered(stored: &StoredMessage) -> Value {
    let StoredMessage {
        person,
        message,
        options,
    } = stored;
    json!({
        "id": message.id, "person": person, "at": message.at, "type": message.content.name(), "status": message.status,
        "context_id": message.context_id, "correlation_id": message.correlation_id, "reference": options.reference,
    })
}
