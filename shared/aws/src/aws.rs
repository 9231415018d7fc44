//! Credentials, region, endpoint and the one HTTPS connector that all clients share.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_dynamodb::{
    config::{
        BehaviorVersion, Region, http::HttpRequest, retry::RetryConfig, timeout::TimeoutConfig,
    },
    error::{ProvideErrorMetadata, SdkError},
};
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_types::{byte_stream::ByteStream, error::display::DisplayErrorContext};
use aws_types::SdkConfig;
use confab_core::{Env, EnvError, Result};
use futures::future::join_all;

use crate::https::Https;

const CONNECT: Duration = Duration::from_secs(2);
const ATTEMPT: Duration = Duration::from_secs(4);
/// Attempt timeout of S3, whose objects are larger than rows and messages.
const OBJECT_ATTEMPT: Duration = Duration::from_secs(10);
/// Attempt timeout of SQS: three attempts fit into the timeout of a webhook function.
const QUEUE_ATTEMPT: Duration = Duration::from_secs(2);
const MAX_ATTEMPTS: u32 = 3;

#[derive(Debug, Clone)]
pub struct AwsConfig {
    pub(crate) region: String,
    /// Set on a laptop and in rehearsals only.
    endpoint: Option<String>,
    pub(crate) credentials: Credentials,
    pub(crate) max_attempts: u32,
}

impl AwsConfig {
    /// Lambda puts its role's credentials into the environment, and replaces the process before they expire.
    pub fn from_env(env: &Env) -> std::result::Result<Self, EnvError> {
        Ok(Self {
            region: env.required("AWS_REGION")?.to_owned(),
            endpoint: env.optional("AWS_ENDPOINT_URL").map(str::to_owned),
            credentials: Credentials::new(
                env.required("AWS_ACCESS_KEY_ID")?,
                env.required("AWS_SECRET_ACCESS_KEY")?,
                env.optional("AWS_SESSION_TOKEN").map(str::to_owned),
                None,
                "environment",
            ),
            max_attempts: MAX_ATTEMPTS,
        })
    }

    /// Makes each call once, so that a test can decide about every attempt.
    #[must_use]
    pub fn without_retries(mut self) -> Self {
        self.max_attempts = 1;
        self
    }
}

#[derive(Debug, Clone)]
pub struct Aws {
    pub(crate) config: AwsConfig,
    pub(crate) connector: SharedHttpConnector,
    clients: Arc<Clients>,
}

/// One client of each service for a process, made at its first use.
#[derive(Debug, Default)]
struct Clients {
    sqs: OnceLock<aws_sdk_sqs::Client>,
    s3: OnceLock<aws_sdk_s3::Client>,
}

impl Aws {
    pub fn new(config: AwsConfig) -> Result<Self> {
        let connector = Https::new(CONNECT, ATTEMPT)?;
        Ok(Self::with_connector(
            config,
            SharedHttpConnector::new(connector),
        ))
    }

    /// Creates clients over another connector, such as one that answers in the process.
    pub fn with_connector(config: AwsConfig, connector: SharedHttpConnector) -> Self {
        Self {
            config,
            connector,
            clients: Arc::default(),
        }
    }

    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.sdk(ATTEMPT))
    }

    pub(crate) fn sqs(&self) -> aws_sdk_sqs::Client {
        let client = || aws_sdk_sqs::Client::new(&self.sdk(QUEUE_ATTEMPT));
        self.clients.sqs.get_or_init(client).clone()
    }

    /// Checksums are computed only where S3 requires them: TLS protects the bytes on their way.
    pub(crate) fn s3(&self) -> aws_sdk_s3::Client {
        let client = || {
            let config = aws_sdk_s3::config::Builder::from(&self.sdk(OBJECT_ATTEMPT))
                .force_path_style(true)
                .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
                .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
            aws_sdk_s3::Client::from_conf(config.build())
        };
        self.clients.s3.get_or_init(client).clone()
    }

    fn sdk(&self, attempt: Duration) -> SdkConfig {
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(self.config.region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(
                self.config.credentials.clone(),
            ))
            .http_client(self.http_client())
            .retry_config(RetryConfig::standard().with_max_attempts(self.config.max_attempts))
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(CONNECT)
                    .operation_attempt_timeout(attempt)
                    .build(),
            );
        config.set_endpoint_url(self.config.endpoint.clone());
        config.build()
    }

    pub(crate) fn endpoint(&self, service: &str) -> String {
        match &self.config.endpoint {
            Some(endpoint) => endpoint.clone(),
            None => format!("https://{service}.{}.amazonaws.com", self.config.region),
        }
    }

    /// Opens the connection to a service during init, which Lambda does not bill.
    /// The request is unsigned. Its response is read to free the connection, and otherwise ignored.
    pub async fn connect(&self, service: &str) {
        if let Ok(request) = HttpRequest::get(self.endpoint(service))
            && let Ok(response) = self.connector.call(request).await
        {
            ByteStream::new(response.into_body()).collect().await.ok();
        }
    }

    /// Opens the connections to several services concurrently.
    pub async fn connect_all(&self, services: impl IntoIterator<Item = &'static str>) {
        join_all(services.into_iter().map(|service| self.connect(service))).await;
    }

    fn http_client(&self) -> SharedHttpClient {
        let connector = self.connector.clone();
        http_client_fn(move |_, _| connector.clone())
    }
}

/// Describes a failed call for the log, with the service's own error code.
pub(crate) fn describe<E>(error: &SdkError<E>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let code = error.code().unwrap_or("no answer");
    match error.message() {
        Some(message) => format!("{code}: {message}"),
        None => format!("{code}: {}", DisplayErrorContext(error)),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    pub(crate) fn aws_at(endpoint: String) -> Aws {
        let env = Env::from_iter([
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_ENDPOINT_URL", &endpoint),
        ]);
        Aws::new(AwsConfig::from_env(&env).unwrap()).unwrap()
    }

    /// Answers one request with `body`, and returns the request.
    pub(crate) async fn answers_once(
        status: u16,
        body: &'static str,
    ) -> (String, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            let mut chunk = [0; 4096];
            loop {
                let read = stream.read(&mut chunk).await.unwrap();
                request.extend_from_slice(&chunk[..read]);
                let text = String::from_utf8_lossy(&request);
                if read == 0
                    || text
                        .split_once("\r\n\r\n")
                        .is_some_and(|(head, body)| complete(head, body))
                {
                    break;
                }
            }
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status} OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {length}\r\n\r\n"
            );
            stream
                .write_all(format!("{head}{body}").as_bytes())
                .await
                .unwrap();
            String::from_utf8_lossy(&request).into_owned()
        });
        (url, asked)
    }

    fn complete(head: &str, body: &str) -> bool {
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.trim().parse::<usize>().ok())?
        });
        body.len() >= length.unwrap_or(0)
    }

    /// A missing connector compiles, and fails only when a request is sent.
    #[tokio::test]
    async fn clients_reach_their_endpoint() {
        let (url, asked) = answers_once(200, r#"{"TableNames":["Studio"]}"#).await;
        let tables = aws_at(url).dynamodb().list_tables().send().await.unwrap();
        assert_eq!(tables.table_names(), ["Studio"]);
        assert!(
            asked
                .await
                .unwrap()
                .contains("DynamoDB_20120810.ListTables")
        );
    }

    /// The listener takes one connection, so a second one would wait in vain.
    #[tokio::test]
    async fn first_request_uses_the_connection_opened_ahead() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let aws = aws_at(format!("http://{}", listener.local_addr().unwrap()));
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            for body in ["healthy", r#"{"TableNames":[]}"#] {
                while stream.read(&mut request).await.unwrap() == request.len() {}
                let length = body.len();
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
                stream.write_all(head.as_bytes()).await.unwrap();
                tokio::time::sleep(Duration::from_millis(20)).await;
                stream.write_all(body.as_bytes()).await.unwrap();
            }
        });
        aws.connect("dynamodb").await;
        aws.dynamodb().list_tables().send().await.unwrap();
        server.await.unwrap();
    }
}
