//! Ids in the format of Meta's.

use base64::{Engine, engine::general_purpose::STANDARD};
use confab_simulator_base::ids;

/// Returns a business-scoped user id.
pub fn scoped_user_id() -> String {
    format!("US.{}", ids::digits(20))
}

pub fn message_id() -> String {
    let bytes: [u8; 24] = std::array::from_fn(|_| fastrand::u8(..));
    format!("wamid.HBgL{}", STANDARD.encode(bytes))
}

pub fn media_id() -> String {
    ids::digits(16)
}

pub(crate) fn trace_id() -> String {
    format!("A{}", ids::in_base(32, 22))
}
