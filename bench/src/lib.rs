//! An AWS that answers every call at once, in the process.

use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector},
    orchestrator::{HttpRequest, HttpResponse},
};
use aws_smithy_types::body::SdkBody;
use confab_aws::{Aws, AwsConfig};
use confab_core::{Env, EnvError};

pub const ENDPOINT: &str = "http://127.0.0.1:9";

/// Answers every call with 200 and the given body.
#[derive(Debug, Clone)]
pub struct Answers(pub &'static str);

impl HttpConnector for Answers {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let status = 200.try_into().expect("200 is a status");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(self.0))))
    }
}

pub fn aws(answers: Answers) -> Result<Aws, EnvError> {
    let env = Env::from_iter([
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_ENDPOINT_URL", ENDPOINT),
    ]);
    let config = AwsConfig::from_env(&env)?;
    Ok(Aws::with_connector(config, SharedHttpConnector::new(answers)))
}
