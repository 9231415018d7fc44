//! A signed call over the shared connector, for services of which we use a few operations: an SDK for each would cost
//! a minute of every build and a megabyte of every function.

use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_sigv4::{
    http_request::{
        PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation,
        SigningParams, SigningSettings, UriPathNormalizationMode, sign,
    },
    sign::v4,
};
use aws_smithy_runtime_api::{
    box_error::BoxError, client::http::HttpConnector, client::identity::Identity,
};
use aws_smithy_types::{body::SdkBody, byte_stream::ByteStream};
use confab_core::{Error, Result};
use serde::{Serialize, de::DeserializeOwned};

use crate::Aws;

const PATIENCE: Duration = Duration::from_secs(2);
/// Objects are larger than questions.
const PATIENCE_WITH_OBJECTS: Duration = Duration::from_secs(10);
const ATTEMPTS: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// An answer with any status.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// What the service told of its refusal, short enough for a log line.
    pub(crate) fn told(&self) -> String {
        let text: String = String::from_utf8_lossy(&self.body)
            .chars()
            .take(300)
            .collect();
        format!("{} {text}", self.status)
    }

    /// Some services answer 400 when they are asked too often.
    fn is_passing(&self) -> bool {
        let throttles = || String::from_utf8_lossy(&self.body).contains("Throttling");
        self.status == 429 || self.status >= 500 || (self.status == 400 && throttles())
    }
}

/// The version of the protocol that a service speaks.
fn content_type(service: &str) -> &'static str {
    match service {
        "sqs" => "application/x-amz-json-1.0",
        _ => "application/x-amz-json-1.1",
    }
}

fn call_failed(error: impl Into<BoxError>) -> Error {
    Error::unavailable("aws_call_failed", error)
}

impl Aws {
    /// An operation of a JSON service. `target` is `AmazonSSM.GetParameters` and the like.
    pub(crate) async fn json<T: DeserializeOwned>(
        &self,
        service: &str,
        target: &str,
        body: &impl Serialize,
    ) -> Result<T> {
        let body = serde_json::to_vec(body).map_err(|e| Error::internal("render_failed", e))?;
        let request = http::Request::post(format!("{}/", self.endpoint(service)))
            .header("content-type", content_type(service))
            .header("x-amz-target", target)
            .body(body)
            .map_err(|e| Error::internal("render_failed", e))?;
        // The futures below are nested deeply: inside of loops of ours the compiler would give up on them.
        let answer = Box::pin(self.signed(service, request)).await?;
        if answer.status != 200 {
            return Err(call_failed(format!("{target} answered {}", answer.told())));
        }
        // An answer may hold secrets: an error about it must not quote it.
        serde_json::from_slice(&answer.body)
            .map_err(|e| call_failed(format!("{target}'s answer: {:?}", e.classify())))
    }

    /// Signs and sends. What passes by itself is tried again, so only calls that may be repeated belong here.
    pub(crate) async fn signed(
        &self,
        service: &str,
        request: http::Request<Vec<u8>>,
    ) -> Result<Answer> {
        let mut wait = FIRST_WAIT;
        for _ in 1..ATTEMPTS {
            match self.attempt(service, &request).await {
                Ok(answer) if !answer.is_passing() => return Ok(answer),
                Ok(_) | Err(_) => tokio::time::sleep(wait).await,
            }
            wait *= 4;
        }
        self.attempt(service, &request).await
    }

    async fn attempt(&self, service: &str, request: &http::Request<Vec<u8>>) -> Result<Answer> {
        let request = self.sign(service, request)?;
        let call = async {
            let response: HttpResponse = self.connector.call(request).await.map_err(call_failed)?;
            let status = response.status().as_u16();
            let body = ByteStream::new(response.into_body())
                .collect()
                .await
                .map_err(call_failed)?;
            Ok(Answer {
                status,
                body: body.into_bytes().to_vec(),
            })
        };
        let patience = if service == "s3" {
            PATIENCE_WITH_OBJECTS
        } else {
            PATIENCE
        };
        tokio::time::timeout(patience, call)
            .await
            .map_err(call_failed)?
    }

    fn sign(&self, service: &str, request: &http::Request<Vec<u8>>) -> Result<HttpRequest> {
        let mut signed = http::Request::new(SdkBody::from(request.body().clone()));
        *signed.method_mut() = request.method().clone();
        *signed.uri_mut() = request.uri().clone();
        *signed.headers_mut() = request.headers().clone();
        let body = SignableBody::Bytes(request.body());
        self.apply_signature(service, &mut signed, body, SignatureLocation::Headers, None)?;
        HttpRequest::try_from(signed).map_err(call_failed)
    }

    /// A link that holds for `valid`, for somebody without credentials.
    pub(crate) fn presigned(&self, service: &str, uri: String, valid: Duration) -> Result<String> {
        let mut request = http::Request::get(uri)
            .body(SdkBody::empty())
            .map_err(call_failed)?;
        let body = SignableBody::UnsignedPayload;
        self.apply_signature(
            service,
            &mut request,
            body,
            SignatureLocation::QueryParams,
            Some(valid),
        )?;
        Ok(request.uri().to_string())
    }

    fn apply_signature(
        &self,
        service: &str,
        request: &mut http::Request<SdkBody>,
        body: SignableBody<'_>,
        location: SignatureLocation,
        valid: Option<Duration>,
    ) -> Result<()> {
        let mut settings = SigningSettings::default();
        settings.signature_location = location;
        settings.expires_in = valid;
        if service == "s3" {
            // S3 takes keys as they are, and wants the body's hash in a header.
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        let identity: Identity = self.config.credentials.clone().into();
        let params: SigningParams = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.config.region)
            .name(service)
            .time(real_time())
            .settings(settings)
            .build()
            .map_err(call_failed)?
            .into();
        let uri = request.uri().to_string();
        let headers = request.headers().iter();
        let headers =
            headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let signable = SignableRequest::new(request.method().as_str(), &uri, headers, body)
            .map_err(call_failed)?;
        let (instructions, _) = sign(signable, &params).map_err(call_failed)?.into_parts();
        instructions.apply_to_request_http1x(request);
        Ok(())
    }
}

/// A signature carries the real time, whatever the product's clock says.
#[expect(
    clippy::disallowed_methods,
    reason = "AWS compares it with its own clock"
)]
pub(crate) fn real_time() -> SystemTime {
    SystemTime::now()
}
