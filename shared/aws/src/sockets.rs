//! Sending frames to connections of a WebSocket API.

use confab_core::{Error, Result};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::Aws;

#[derive(Debug, Clone)]
pub struct Sockets {
    aws: Aws,
    /// `https://{api}.execute-api.{region}.amazonaws.com/{stage}`. Configured, because an event's domain name lacks a port.
    endpoint: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameDelivery {
    Delivered,
    /// The connection has closed, and its row can be deleted.
    Gone,
}

impl Sockets {
    pub fn new(aws: &Aws, endpoint: impl Into<String>) -> Self {
        Self {
            aws: aws.clone(),
            endpoint: endpoint.into(),
        }
    }

    pub async fn post(&self, connection_id: &str, frame: Vec<u8>) -> Result<FrameDelivery> {
        self.call(http::Request::post(self.uri(connection_id)).body(frame))
            .await
    }

    /// Closes a connection. Send a frame with the reason before, because a close carries none.
    pub async fn close(&self, connection_id: &str) -> Result<FrameDelivery> {
        self.call(http::Request::delete(self.uri(connection_id)).body(Vec::new()))
            .await
    }

    fn uri(&self, connection_id: &str) -> String {
        format!(
            "{}/@connections/{}",
            self.endpoint,
            utf8_percent_encode(connection_id, NON_ALPHANUMERIC)
        )
    }

    async fn call(&self, request: http::Result<http::Request<Vec<u8>>>) -> Result<FrameDelivery> {
        let request = request.map_err(|e| Error::internal("render_failed", e))?;
        let answer = self.aws.signed("execute-api", request).await?;
        match answer.status {
            200..=299 => Ok(FrameDelivery::Delivered),
            410 => Ok(FrameDelivery::Gone),
            413 => Err(Error::too_large("A frame has at most 128 KB.")),
            _ => Err(Error::unavailable(
                "post_failed",
                format!("@connections answered {}", answer.summary()),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::tests::{answers_once, aws_at};

    #[tokio::test]
    async fn closed_connections_are_not_errors() {
        let (url, asked) = answers_once(410, "").await;
        let sockets = Sockets::new(&aws_at(url.clone()), format!("{url}/live"));
        assert_eq!(
            sockets.post("abc=", b"{}".to_vec()).await.unwrap(),
            FrameDelivery::Gone
        );
        assert!(
            asked
                .await
                .unwrap()
                .starts_with("POST /live/@connections/abc%3D ")
        );
    }
}
