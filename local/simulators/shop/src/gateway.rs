//! Requests to the payments API.

use std::time::Duration;

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use reqwest::{RequestBuilder, Url};

use crate::{config::ShopConfig, shop_error::ShopError};

/// API Gateway answers within 30 seconds.
const GATEWAY_TIMEOUT: Duration = Duration::from_secs(35);

pub(crate) fn url(config: &ShopConfig, path: &str) -> Result<Url, ShopError> {
    let url = format!("{}{path}", config.gateway);
    Ok(url.parse().map_err(anyhow::Error::from)?)
}

/// Sends a request, and returns the answer with its status and body.
pub(crate) async fn forward(request: RequestBuilder) -> Result<Response, ShopError> {
    let answer = request
        .timeout(GATEWAY_TIMEOUT)
        .send()
        .await
        .map_err(ShopError::gateway)?;
    let status = answer.status();
    let body = answer.bytes().await.map_err(ShopError::gateway)?;
    Ok((status, [(header::CONTENT_TYPE, "application/json")], body).into_response())
}
