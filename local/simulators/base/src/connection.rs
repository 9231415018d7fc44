//! Injected failures of a connection.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    response::{IntoResponse, Response},
};

/// Waits as long as a fault says, or not at all.
pub async fn hang(hang_ms: Option<u64>) {
    if let Some(ms) = hang_ms {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
}

/// Returns a response whose body breaks off at once, which closes the connection.
pub fn lost_connection() -> Response {
    let broken =
        futures::stream::once(async { Err::<Bytes, _>(std::io::Error::other("on purpose")) });
    Body::from_stream(broken).into_response()
}
