//! The key of the API.

use anyhow::Result;
use confab_simulator_base::{check_built_in_key, unknown_setting};

/// The only key that the simulator accepts. The real OpenAI does not know it.
pub(crate) const API_KEY: &str = "model-key";

/// Checks a setting against its built-in value.
pub fn check_setting(name: &str, value: &str) -> Result<()> {
    if name != "api_key" {
        return Err(unknown_setting("model", name));
    }
    check_built_in_key("model", value, API_KEY)
}
