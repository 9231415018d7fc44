//! One exchange with the app: the reply, its faults and its call record.

use std::time::Duration;

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use confab_simulator_base::{Call, lost_connection};
use serde_json::Value;

use crate::{api_error::ApiError, astria::Astria};

#[derive(Debug)]
pub(crate) struct ApiReply {
    response: Response,
    tune: Option<i64>,
    correlation_id: Option<String>,
}

impl ApiReply {
    pub(crate) fn new(response: Response) -> Self {
        Self {
            response,
            tune: None,
            correlation_id: None,
        }
    }

    pub(crate) fn json(status: StatusCode, body: &Value) -> Self {
        Self::new((status, Json(body)).into_response())
    }

    pub(crate) fn with_correlation_id(self, correlation_id: Option<String>) -> Self {
        Self {
            correlation_id,
            ..self
        }
    }

    pub(crate) fn about_tune(self, tune: i64) -> Self {
        Self {
            tune: Some(tune),
            ..self
        }
    }
}

/// Does the work, with the faults that are due, and records the call.
pub(crate) async fn run(
    astria: &Astria,
    path: &str,
    what: String,
    work: impl Future<Output = Result<ApiReply, ApiError>>,
) -> Response {
    let mut call = Call::new("astria");
    let fault = astria
        .faults()
        .take(|fault| fault.fits(path))
        .unwrap_or_default();
    if fault.drop_before {
        astria
            .context
            .record(call, format!("{what}: connection lost"), false);
        return lost_connection();
    }
    let status = fault
        .http
        .map(|http| StatusCode::from_u16(http).unwrap_or(StatusCode::BAD_REQUEST));
    let injected = status.map(ApiError::staged);
    let mut reply = match &injected {
        Some(error) if !fault.after => Err(error.clone()),
        _ => work.await,
    };
    astria.webhooks.wake();
    if let Ok(reply) = &mut reply {
        call.message_id = reply.tune.map(|tune| tune.to_string());
        call.correlation_id = reply.correlation_id.take();
    }
    if let Some(error) = injected {
        reply = Err(error);
    }
    let (response, text, ok) = match reply {
        Ok(ApiReply { response, .. }) => {
            let status = response.status();
            (
                response,
                format!("{what}: {}", status.as_u16()),
                status.is_success(),
            )
        }
        Err(error) => {
            let text = format!("{what}: {}", error.summary());
            (error.into_response(), text, false)
        }
    };
    tokio::time::sleep(Duration::from_millis(fault.hang_ms.unwrap_or(0))).await;
    if fault.drop_after {
        astria
            .context
            .record(call, format!("{text}, connection lost"), false);
        return lost_connection();
    }
    astria.context.record(call, text, ok);
    response
}
