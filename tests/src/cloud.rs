//! The cloud of one test: what `tests/cloud.yaml` describes, in a `local` of the test's own or as a stack of its own
//! where `CONFAB_AWS` leads, and the SDK's clients for it.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_sqs::{
    config::{BehaviorVersion, Region, retry::RetryConfig},
    error::{ProvideErrorMetadata, SdkError},
    types::{Message, MessageSystemAttributeName},
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_types::SdkConfig;

use crate::{
    Local, eventually,
    place::{client, environment},
};

const TEMPLATE: &str = include_str!("../cloud.yaml");

/// Where MiniStack does not do as AWS does, by name. A test that meets one says what MiniStack does instead:
/// the day it does as AWS does, the test fails and the name can go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MiniStack {
    /// SQS: deleting a message that is gone is an error; on AWS it is done already.
    ForgetsReceipts,
    /// SQS: a receipt works after its visibility timeout.
    ReceiptsOutliveVisibility,
    /// SQS: only the body is measured, not the attributes.
    MeasuresBodiesAlone,
    /// SQS: a visibility timeout may be longer than twelve hours.
    AnyVisibility,
    /// SQS: a receive may wait longer than twenty seconds.
    AnyWait,
    /// SQS: in a FIFO dead-letter queue a message keeps its deduplication id; on AWS its own id takes that place.
    KeepsDeduplicationIds,
    /// SQS: there are no message move tasks.
    HasNoRedrive,
    /// SQS: a group id may hold spaces.
    AnyGroupId,
    /// SQS: a standard queue takes a deduplication id.
    DeduplicationIdAnywhere,
    /// SQS: a delay may be longer than fifteen minutes.
    AnyDelay,
    /// DynamoDB: a read costs the same whatever it reads, except in a transaction, and a batch states no cost.
    CountsNoSizesOfReads,
    /// DynamoDB: the TimeToLiveSpecification of a template is not looked at.
    ForgetsTimeToLive,
    /// EventBridge: an event without a source, a type or JSON is accepted.
    TakesAnyEvent,
    /// S3: a form is taken without a signature, and with any.
    BelievesForms,
}

#[derive(Debug)]
pub struct Cloud {
    pub sqs: aws_sdk_sqs::Client,
    pub dynamodb: aws_sdk_dynamodb::Client,
    pub events: aws_sdk_eventbridge::Client,
    pub s3: aws_sdk_s3::Client,
    pub http: reqwest::Client,
    /// The one endpoint of all services.
    pub aws: String,
    stack: String,
    local: Option<Local>,
}

impl Cloud {
    pub async fn start() -> Result<Self> {
        let Some(aws) = environment("CONFAB_AWS") else {
            let local = Local::start_with("tests/cloud.yaml").await?;
            return Self::at(&local.aws.clone(), "confab".to_owned(), Some(local));
        };
        static STACKS: AtomicU32 = AtomicU32::new(0);
        let stack = format!(
            "cloud-{}-{}",
            std::process::id(),
            STACKS.fetch_add(1, Ordering::Relaxed)
        );
        let cloud = Self::at(&aws, stack, None)?;
        cloud.create_stack().await?;
        Ok(cloud)
    }

    fn at(aws: &str, stack: String, local: Option<Local>) -> Result<Self> {
        let config = config(aws)?;
        // Buckets have no host name of their own on loopback.
        let s3 = aws_sdk_s3::config::Builder::from(&config)
            .force_path_style(true)
            .build();
        Ok(Self {
            sqs: aws_sdk_sqs::Client::new(&config),
            dynamodb: aws_sdk_dynamodb::Client::new(&config),
            events: aws_sdk_eventbridge::Client::new(&config),
            s3: aws_sdk_s3::Client::from_conf(s3),
            http: client()?,
            aws: aws.to_owned(),
            stack,
            local,
        })
    }

    /// By CloudFormation's own protocol: two calls do not need a client.
    async fn create_stack(&self) -> Result<()> {
        let call = async |parameters: &[(&str, &str)]| {
            let credential = "Credential=test/20260101/us-east-1/cloudformation/aws4_request";
            let request = self
                .http
                .post(&self.aws)
                .header(
                    "authorization",
                    format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0"),
                )
                .form(
                    &[
                        &[("Version", "2010-05-15"), ("StackName", &self.stack)],
                        parameters,
                    ]
                    .concat(),
                );
            let answer = request.send().await?;
            let (status, text) = (answer.status(), answer.text().await?);
            if !status.is_success() {
                bail!("{parameters:?}: {status} {text}");
            }
            anyhow::Ok(text)
        };
        call(&[("Action", "CreateStack"), ("TemplateBody", TEMPLATE)]).await?;
        eventually(|| async {
            let stacks = call(&[("Action", "DescribeStacks")]).await?;
            stacks
                .contains("CREATE_COMPLETE")
                .then_some(())
                .context(stacks)
        })
        .await
    }

    /// What a resource of the template is called here.
    pub fn named(&self, resource: &str) -> String {
        format!("{}-{resource}", self.stack)
    }

    pub async fn queue(&self, name: &str) -> Result<String> {
        let found = self
            .sqs
            .get_queue_url()
            .queue_name(self.named(name))
            .send()
            .await?;
        found.queue_url.context("a queue has an address")
    }

    /// Whatever can be received now, at most ten, with all that is known about it.
    pub async fn receive(&self, queue: &str) -> Result<Vec<Message>> {
        let received = self
            .sqs
            .receive_message()
            .queue_url(queue)
            .max_number_of_messages(10)
            .message_attribute_names("All")
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .send()
            .await?;
        Ok(received.messages.unwrap_or_default())
    }

    /// Time passes: at once on `local`, really elsewhere.
    pub async fn passes(&self, time: Duration) -> Result<()> {
        match &self.local {
            Some(local) => local.advance(&self.http, time).await,
            None => {
                tokio::time::sleep(time).await;
                Ok(())
            }
        }
    }

    pub fn is_local(&self) -> bool {
        self.local.is_some()
    }

    /// Is this MiniStack, which differs here? Says so, for the comparison that `scripts/rehearse` prints.
    pub fn differs(&self, how: MiniStack) -> bool {
        if self.is_local() {
            return false;
        }
        eprintln!("MiniStack differs: {how:?}");
        true
    }
}

/// For who calls with this access key: on `local` it names a function, which may do what its statements allow.
pub fn sqs_of(aws: &str, access_key: &str) -> Result<aws_sdk_sqs::Client> {
    let credentials = Credentials::new(access_key, "test", None, None, "test");
    let config =
        aws_sdk_sqs::config::Builder::from(&config(aws)?).credentials_provider(credentials);
    Ok(aws_sdk_sqs::Client::from_conf(config.build()))
}

/// Without retries: a suite wants to see what the first answer is.
pub(crate) fn config(aws: &str) -> Result<SdkConfig> {
    // Nothing here speaks TLS, so no roots are needed.
    let tls = TlsContext::builder()
        .with_trust_store(TrustStore::empty())
        .build()?;
    let http = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls)
        .build_https();
    let credentials = Credentials::new("test", "test", None, None, "test");
    Ok(SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http)
        .endpoint_url(aws)
        .retry_config(RetryConfig::disabled())
        .build())
}

/// The error code of an answer that must not be a success.
pub fn refused<T: std::fmt::Debug, E>(answer: Result<T, SdkError<E>>) -> Result<String>
where
    SdkError<E>: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match answer {
        Ok(answer) => bail!("this should have been refused: {answer:?}"),
        Err(error) => match error.code() {
            Some(code) => Ok(code.to_owned()),
            None => Err(anyhow::Error::new(error).context("an error without a code")),
        },
    }
}
