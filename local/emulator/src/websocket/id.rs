//! Ids as API Gateway makes them.

use base64::{Engine, engine::general_purpose::URL_SAFE};

/// Returns an id of a connection, message or request: sixteen characters, the last of which is `=`.
pub(super) fn new_id() -> String {
    let random = uuid::Uuid::new_v4().into_bytes();
    URL_SAFE.encode(&random[..11])
}
