//! Updates that open pages receive as server-sent events.

use serde_json::Value;

#[derive(Debug, Clone)]
pub struct PageUpdate {
    pub name: &'static str,
    pub data: Value,
}
