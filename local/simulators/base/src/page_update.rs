//! Updates that open pages receive as server-sent events.

use std::{convert::Infallible, time::Duration};

use axum::response::sse::{Event, KeepAlive, Sse};
use futures::{Stream, stream};
use serde_json::Value;
use tokio::sync::{
    broadcast::{self, error::RecvError},
    watch,
};

#[derive(Debug, Clone)]
pub struct PageUpdate {
    pub name: &'static str,
    pub data: Value,
}

/// Streams updates until the delivery of webhooks ends, so that an open page does not delay the end
/// of the process.
pub fn stream_updates(
    updates: broadcast::Receiver<PageUpdate>,
    closed: watch::Receiver<bool>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let updates = stream::unfold((updates, closed), |(mut updates, mut closed)| async {
        let update = tokio::select! {
            // What was sent before the end is shown first.
            biased;
            update = updates.recv() => update,
            _ = closed.wait_for(|closed| *closed) => return None,
        };
        let update = match update {
            Ok(update) => Event::default()
                .event(update.name)
                .data(update.data.to_string()),
            // The page fell behind and has to fetch again.
            Err(RecvError::Lagged(_)) => Event::default().event("missed").data("{}"),
            Err(RecvError::Closed) => return None,
        };
        Some((Ok(update), (updates, closed)))
    });
    Sse::new(updates).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}
