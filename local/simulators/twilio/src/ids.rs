//! Ids in the format of Twilio's.

use confab_simulator_base::ids;

pub fn message_id() -> String {
    format!("SM{}", ids::hex(32))
}

pub fn media_id() -> String {
    format!("ME{}", ids::hex(32))
}
