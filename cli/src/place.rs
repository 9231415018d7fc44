//! Where Confab runs: a stack on AWS, or a `local` on this laptop. Both speak AWS's protocols for queues and functions.

use anyhow::{Context, Result};
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_lambda::config::retry::RetryConfig;
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};

use crate::{arguments::PlaceArguments, local::Local, samconfig::Samconfig, stack::Stack};

#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) sqs: aws_sdk_sqs::Client,
    pub(crate) lambda: aws_sdk_lambda::Client,
    pub(crate) ssm: aws_sdk_ssm::Client,
    pub(crate) view: View,
}

/// What only one of them can tell.
#[derive(Debug)]
pub(crate) enum View {
    Stack(Stack),
    Local(Local),
}

impl Place {
    pub(crate) async fn open(arguments: &PlaceArguments) -> Result<Self> {
        let http =
            confab_provider_base::http_client().map_err(|error| anyhow::anyhow!("{error}"))?;
        if let Some(home) = &arguments.local {
            let local = Local::open(http, home).await?;
            let config = of_local(&local.aws)?;
            return Ok(Self::new(&config, View::Local(local)));
        }
        let samconfig =
            Samconfig::find(&std::env::current_dir().context("Failed to find the current folder")?);
        let config = of_aws(arguments, samconfig.region.clone()).await;
        let name = arguments
            .stack
            .clone()
            .or(samconfig.stack)
            .unwrap_or_else(|| "confab".to_owned());
        let binaries = samconfig.folder.map(|folder| folder.join("target/lambda"));
        let stack = Stack::new(&config, http, name, binaries);
        Ok(Self::new(&config, View::Stack(stack)))
    }

    fn new(config: &SdkConfig, view: View) -> Self {
        // An event is not given to a function twice because an answer was lost.
        let lambda = aws_sdk_lambda::config::Builder::from(config)
            .retry_config(RetryConfig::disabled())
            .build();
        Self {
            sqs: aws_sdk_sqs::Client::new(config),
            lambda: aws_sdk_lambda::Client::from_conf(lambda),
            ssm: aws_sdk_ssm::Client::new(config),
            view,
        }
    }
}

fn behavior() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

/// Profiles, environment and logins as the AWS CLI finds them. A laptop may sit behind a proxy with a root of its own,
/// so the system's roots are trusted here.
async fn of_aws(arguments: &PlaceArguments, region: Option<String>) -> SdkConfig {
    let http = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let mut loader = aws_config::defaults(behavior()).http_client(http);
    if let Ok(name) = AppName::new("confab-cli") {
        loader = loader.app_name(name);
    }
    if let Some(profile) = &arguments.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = arguments.region.clone().or(region) {
        loader = loader.region(Region::new(region));
    }
    loader.load().await
}

/// The access key names the caller, and this is no function, so it may do everything.
fn of_local(aws: &str) -> Result<SdkConfig> {
    // Nothing here speaks TLS, so no roots are needed.
    let tls = TlsContext::builder()
        .with_trust_store(TrustStore::empty())
        .build()?;
    let http = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls)
        .build_https();
    let credentials = Credentials::new("operator", "operator", None, None, "local");
    Ok(SdkConfig::builder()
        .behavior_version(behavior())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http)
        .endpoint_url(aws)
        .build())
}
