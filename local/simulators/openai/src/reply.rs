//! Replies, with the tokens that they cost.

use serde_json::Value;

#[derive(Debug)]
pub(crate) struct ApiReply {
    pub(crate) body: Value,
    pub(crate) prompt_tokens: u64,
    pub(crate) completion_tokens: u64,
}
