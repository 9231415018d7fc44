//! Server-sent events: what happens in the chats, as it happens.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::sse::{self, KeepAlive, Sse},
};
use futures::{Stream, stream};
use tokio::sync::broadcast::error::RecvError;

use crate::Outside;

/// Ends when the delivery of webhooks does, so that no open page holds up the end of the process.
pub(crate) async fn stream(
    State(outside): State<Arc<Outside>>,
) -> Sse<impl Stream<Item = Result<sse::Event, Infallible>>> {
    let listener = (outside.events.subscribe(), outside.closed.subscribe());
    let events = stream::unfold(listener, |(mut events, mut closed)| async {
        let event = tokio::select! {
            event = events.recv() => event,
            _ = closed.wait_for(|closed| *closed) => return None,
        };
        let event = match event {
            Ok(event) => sse::Event::default()
                .event(event.name)
                .data(event.data.to_string()),
            // The page was too slow to be told everything: it should fetch again.
            Err(RecvError::Lagged(_)) => sse::Event::default().event("missed").data("{}"),
            Err(RecvError::Closed) => return None,
        };
        Some((Ok(event), (events, closed)))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}
