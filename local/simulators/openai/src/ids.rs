//! Ids in the format of OpenAI's: `chatcmpl-..`, `modr-..`, `req_..`.

use confab_simulator_base::ids;

pub(crate) fn new_id(prefix: &str) -> String {
    format!("{prefix}{}", ids::alphanumeric(28))
}
