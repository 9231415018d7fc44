//! Records of calls between the app and a provider, for the timeline.

use std::time::Instant;

use confab_messaging::Reference;

/// A call of the app to a provider, or a webhook of a provider to the app.
#[derive(Debug, Clone, PartialEq)]
pub struct CallRecord {
    /// Milliseconds since 1970, when the call ended.
    pub at: i64,
    pub correlation_id: Option<String>,
    pub provider: &'static str,
    pub text: String,
    pub ok: bool,
    pub duration_ms: f64,
    /// The id of the message, payment or tune that the call was about.
    pub reference: Option<String>,
}

/// A call in progress. It becomes a `CallRecord` when it ends.
#[derive(Debug)]
pub struct Call<'a> {
    pub provider: &'static str,
    pub started: Instant,
    /// The app's own reference, which carries its correlation id.
    pub reference: Option<&'a str>,
    pub correlation_id: Option<String>,
    pub message_id: Option<String>,
}

impl Call<'_> {
    pub fn new(provider: &'static str) -> Self {
        Self {
            provider,
            started: Instant::now(),
            reference: None,
            correlation_id: None,
            message_id: None,
        }
    }

    /// Ends the call. The correlation id in the app's reference wins over the one set on the call.
    pub fn finish(self, at: i64, text: String, ok: bool) -> CallRecord {
        CallRecord {
            at,
            correlation_id: correlation_id_of(self.reference).or(self.correlation_id),
            provider: self.provider,
            text,
            ok,
            duration_ms: self.started.elapsed().as_secs_f64() * 1_000.0,
            reference: self.message_id,
        }
    }
}

/// Returns the correlation id in a reference of the app, or `None` for a reference in another
/// format.
pub fn correlation_id_of(reference: Option<&str>) -> Option<String> {
    let reference: Reference = reference?.parse().ok()?;
    Some(reference.correlation_id.to_string())
}
