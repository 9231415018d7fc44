//! A signed call over the shared connector, for services of which we use one operation: an SDK for it would cost
//! a minute of every build and a megabyte of every function.

use std::time::Duration;

use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use aws_smithy_runtime_api::{client::http::HttpConnector, client::identity::Identity};
use aws_smithy_types::body::SdkBody;
use confab_kernel::{Error, Result};

use crate::Aws;

const PATIENCE: Duration = Duration::from_secs(5);

impl Aws {
    /// Signs and sends; any status is an answer.
    #[expect(
        clippy::disallowed_methods,
        reason = "a signature carries the real time, whatever the product's clock says"
    )]
    pub(crate) async fn signed(&self, service: &str, request: http::Request<Vec<u8>>) -> Result<(u16, Vec<u8>)> {
        let failed = |error: aws_smithy_runtime_api::box_error::BoxError| Error::unavailable("aws_call_failed", error);
        let identity: Identity = self.config.credentials.clone().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.config.region)
            .name(service)
            .time(std::time::SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|e| failed(e.into()))?
            .into();
        let (parts, body) = request.into_parts();
        let headers = parts.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let uri = parts.uri.to_string();
        let signable = SignableRequest::new(parts.method.as_str(), &uri, headers, SignableBody::Bytes(&body))
            .map_err(|e| failed(e.into()))?;
        let (instructions, _) = sign(signable, &params).map_err(|e| failed(e.into()))?.into_parts();
        let mut signed = http::Request::from_parts(parts, SdkBody::from(body));
        instructions.apply_to_request_http1x(&mut signed);
        let request = HttpRequest::try_from(signed).map_err(|e| failed(e.into()))?;
        let call = async {
            let response: HttpResponse = self.connector.call(request).await.map_err(|e| failed(e.into()))?;
            let status = response.status().as_u16();
            let body = read(response.into_body()).await.map_err(failed)?;
            Ok((status, body))
        };
        match tokio::time::timeout(PATIENCE, call).await {
            Ok(answer) => answer,
            Err(late) => Err(failed(late.into())),
        }
    }
}

async fn read(body: SdkBody) -> std::result::Result<Vec<u8>, aws_smithy_runtime_api::box_error::BoxError> {
    let stream = aws_smithy_types::byte_stream::ByteStream::new(body);
    Ok(stream.collect().await?.into_bytes().to_vec())
}
