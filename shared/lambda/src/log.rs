//! One JSON line for each failure, none for a success.

use confab_core::{CorrelationId, Error};
use tracing_subscriber::fmt;

pub(crate) fn start() {
    let subscriber = fmt()
        .json()
        .flatten_event(true)
        .with_max_level(tracing::Level::INFO)
        .with_current_span(true)
        .with_span_list(false)
        .with_target(false)
        .finish();
    // Only tests start twice; the first subscriber stays.
    tracing::subscriber::set_global_default(subscriber).ok();
}

/// Returns the span of one request, record or scheduled run. Every line inside carries the correlation id.
pub(crate) fn span(correlation_id: CorrelationId) -> tracing::Span {
    tracing::info_span!("work", correlation_id = %correlation_id)
}

/// Logs the whole cause chain of a server error.
pub(crate) fn failure(error: &Error, correlation_id: CorrelationId, request_id: &str) {
    tracing::error!(
        code = error.code(),
        error = %error,
        correlation_id = %correlation_id,
        request_id,
        "failed"
    );
}

/// Logs a condition that deserves attention although the work goes on.
pub fn warn(what: &'static str, why: &str, correlation_id: CorrelationId) {
    tracing::warn!(why, correlation_id = %correlation_id, "{what}");
}
