//! One JSON line for what went wrong; none for a success.

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
    // A second start happens in tests only, where the first subscriber is as good.
    tracing::subscriber::set_global_default(subscriber).ok();
}

/// The span of one request, record or tick: every line that is logged inside carries the correlation id.
pub(crate) fn span(correlation_id: CorrelationId) -> tracing::Span {
    tracing::info_span!("work", correlation_id = %correlation_id)
}

/// The whole chain of an error that is ours, once.
pub(crate) fn failure(error: &Error, correlation_id: CorrelationId, request_id: &str) {
    tracing::error!(
        code = error.code(),
        error = %error,
        correlation_id = %correlation_id,
        request_id,
        "failed"
    );
}

/// What somebody should know of though nothing failed, once.
pub fn warn(what: &'static str, why: &str, correlation_id: CorrelationId) {
    tracing::warn!(why, correlation_id = %correlation_id, "{what}");
}
