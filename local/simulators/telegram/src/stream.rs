//! Server-sent events: messages, taps, signs of life and calls.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::sse::{self, KeepAlive, Sse},
};
use futures::{Stream, stream};
use tokio::sync::broadcast::error::RecvError;

use crate::telegram::Telegram;

/// Streams updates until the delivery of webhooks ends, so that an open page does not delay the end
/// of the process.
pub(crate) async fn stream(
    State(telegram): State<Arc<Telegram>>,
) -> Sse<impl Stream<Item = Result<sse::Event, Infallible>>> {
    let listener = (telegram.page_updates.subscribe(), telegram.context.closed());
    let updates = stream::unfold(listener, |(mut updates, mut closed)| async {
        let update = tokio::select! {
            // What was sent before the end is shown first.
            biased;
            update = updates.recv() => update,
            _ = closed.wait_for(|closed| *closed) => return None,
        };
        let update = match update {
            Ok(update) => sse::Event::default()
                .event(update.name)
                .data(update.data.to_string()),
            // The page fell behind and has to fetch again.
            Err(RecvError::Lagged(_)) => sse::Event::default().event("missed").data("{}"),
            Err(RecvError::Closed) => return None,
        };
        Some((Ok(update), (updates, closed)))
    });
    Sse::new(updates).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}
