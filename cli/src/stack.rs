//! A stack of template.yaml on AWS: what only AWS's own services can tell of it.

mod checkup;
mod logs;
mod meter;
mod resources;

use std::path::PathBuf;

use aws_config::SdkConfig;
use tokio::sync::OnceCell;

pub(crate) use checkup::dead_letters;
use resources::Resource;

#[derive(Debug)]
pub(crate) struct Stack {
    pub(crate) name: String,
    region: Option<String>,
    /// What was built for a deployment on this machine, if this is the repository.
    binaries: Option<PathBuf>,
    resources: OnceCell<Vec<Resource>>,
    http: reqwest::Client,
    cloudformation: aws_sdk_cloudformation::Client,
    cloudwatch: aws_sdk_cloudwatch::Client,
    lambda: aws_sdk_lambda::Client,
    logs: aws_sdk_cloudwatchlogs::Client,
    sns: aws_sdk_sns::Client,
    ssm: aws_sdk_ssm::Client,
    sts: aws_sdk_sts::Client,
}

impl Stack {
    pub(crate) fn new(
        config: &SdkConfig,
        http: reqwest::Client,
        name: String,
        binaries: Option<PathBuf>,
    ) -> Self {
        Self {
            name,
            region: config.region().map(ToString::to_string),
            binaries,
            resources: OnceCell::new(),
            http,
            cloudformation: aws_sdk_cloudformation::Client::new(config),
            cloudwatch: aws_sdk_cloudwatch::Client::new(config),
            lambda: aws_sdk_lambda::Client::new(config),
            logs: aws_sdk_cloudwatchlogs::Client::new(config),
            sns: aws_sdk_sns::Client::new(config),
            ssm: aws_sdk_ssm::Client::new(config),
            sts: aws_sdk_sts::Client::new(config),
        }
    }
}
