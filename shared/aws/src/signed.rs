//! Signed calls over the shared connector, where no SDK is linked.
//!
//! SSM and EventBridge: one operation of each is used. `@connections`: a post through the SDK takes 62 µs of processor
//! time and a signed call 13 (docs/BENCHMARKS.md). And the signatures of links and upload forms.

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
    box_error::BoxError,
    client::{http::HttpConnector, identity::Identity, result::ConnectorError},
};
use aws_smithy_types::{body::SdkBody, byte_stream::ByteStream};
use confab_core::{Error, Result};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Aws, https::never_connected};

const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
const FIRST_RETRY_DELAY: Duration = Duration::from_millis(50);

/// A response with any status.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    error_type: Option<String>,
}

impl Answer {
    /// Returns the name of an error, such as `BadRequestException`. Services write it into a header or into the body.
    pub(crate) fn error_type(&self) -> String {
        #[derive(Deserialize)]
        struct Body {
            #[serde(rename = "__type")]
            kind: String,
        }
        let of_body = || Some(serde_json::from_slice::<Body>(&self.body).ok()?.kind);
        let name = self.error_type.clone().or_else(of_body).unwrap_or_default();
        // Both may have a namespace before the name, and a link after it.
        let name = name.split(':').next().unwrap_or_default();
        name.rsplit('#').next().unwrap_or_default().to_owned()
    }

    /// Describes a refusal for a log line.
    pub(crate) fn summary(&self) -> String {
        let text: String = String::from_utf8_lossy(&self.body)
            .chars()
            .take(300)
            .collect();
        format!("{} {text}", self.status)
    }

    /// Whether a retry may succeed. Some services answer 400 when they throttle.
    fn is_transient(&self) -> bool {
        let throttles = || String::from_utf8_lossy(&self.body).contains("Throttling");
        self.status == 429 || self.status >= 500 || (self.status == 400 && throttles())
    }
}

/// A call without an answer.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// It was not sent.
    NotSent(Error),
    /// It may have been carried out.
    Unknown(Error),
}

fn unanswered(error: ConnectorError) -> Unanswered {
    if never_connected(&error) {
        Unanswered::NotSent(call_failed(error))
    } else {
        Unanswered::Unknown(call_failed(error))
    }
}

/// Reads a response to its end.
async fn read(response: HttpResponse) -> Result<Answer> {
    let status = response.status().as_u16();
    let error_type = response.headers().get("x-amzn-errortype");
    let error_type = error_type.map(str::to_owned);
    let body = ByteStream::new(response.into_body())
        .collect()
        .await
        .map_err(call_failed)?;
    Ok(Answer {
        status,
        body: body.into_bytes().to_vec(),
        error_type,
    })
}

fn call_failed(error: impl Into<BoxError>) -> Error {
    Error::unavailable("aws_call_failed", error)
}

impl Aws {
    /// Calls an operation of a JSON service; `target` is such as `AmazonSSM.GetParameters`.
    pub(crate) async fn json<T: DeserializeOwned>(
        &self,
        service: &str,
        target: &str,
        body: &impl Serialize,
    ) -> Result<T> {
        let body = serde_json::to_vec(body).map_err(|e| Error::internal("render_failed", e))?;
        let request = http::Request::post(format!("{}/", self.endpoint(service)))
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", target)
            .body(body)
            .map_err(|e| Error::internal("render_failed", e))?;
        // Boxed, because the compiler gives up on futures that are nested this deeply.
        let answer = Box::pin(self.signed(service, request)).await?;
        if answer.status != 200 {
            return Err(call_failed(format!(
                "{target} answered {}",
                answer.summary()
            )));
        }
        // A response may hold secrets, so the error must not quote it.
        serde_json::from_slice(&answer.body)
            .map_err(|e| call_failed(format!("{target}'s answer: {:?}", e.classify())))
    }

    /// Signs and sends a request, with retries: only for idempotent calls.
    pub(crate) async fn signed(
        &self,
        service: &str,
        request: http::Request<Vec<u8>>,
    ) -> Result<Answer> {
        let mut wait = FIRST_RETRY_DELAY;
        for _ in 1..self.config.max_attempts {
            match self.attempt(service, &request).await {
                Ok(answer) if !answer.is_transient() => return Ok(answer),
                Ok(_) | Err(_) => tokio::time::sleep(wait).await,
            }
            wait *= 4;
        }
        self.attempt(service, &request).await
    }

    async fn attempt(&self, service: &str, request: &http::Request<Vec<u8>>) -> Result<Answer> {
        let request = self.sign(service, request)?;
        let call = async {
            let response = self.connector.call(request).await.map_err(call_failed)?;
            read(response).await
        };
        tokio::time::timeout(ATTEMPT_TIMEOUT, call)
            .await
            .map_err(call_failed)?
    }

    /// Signs and sends a request without retries: for calls that are not idempotent. Each has a connection of its own,
    /// because an idle one may be closed at the other end, which looks like a lost answer.
    pub(crate) async fn signed_once(
        &self,
        service: &str,
        request: http::Request<Vec<u8>>,
        timeout: Duration,
    ) -> Result<Answer, Unanswered> {
        let mut request = self.sign(service, &request).map_err(Unanswered::NotSent)?;
        request.headers_mut().insert("connection", "close");
        let call = async {
            let response = self.connector.call(request).await.map_err(unanswered)?;
            read(response).await.map_err(Unanswered::Unknown)
        };
        let answered = tokio::time::timeout(timeout, call).await;
        answered.map_err(|error| Unanswered::Unknown(call_failed(error)))?
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

    /// Returns a presigned link that is valid for a while without credentials.
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
            // S3 takes keys unnormalized, and requires the body's hash in a header.
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

/// Returns the real time for a signature, also where the product's clock is shifted.
#[expect(
    clippy::disallowed_methods,
    reason = "AWS compares it with its own clock"
)]
pub(crate) fn real_time() -> SystemTime {
    SystemTime::now()
}
