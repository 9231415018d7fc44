//! Counts of calls and tokens.

use std::collections::BTreeMap;

use serde::Serialize;

/// Calls by endpoint, since the start.
pub(crate) type CallCounts = BTreeMap<&'static str, CallCount>;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct CallCount {
    pub(crate) count: u64,
    pub(crate) errors: u64,
    pub(crate) prompt_tokens: u64,
    pub(crate) completion_tokens: u64,
}

#[derive(Debug, Serialize)]
pub(crate) struct EndpointCount {
    pub(crate) endpoint: &'static str,
    #[serde(flatten)]
    pub(crate) count: CallCount,
}
