//! One call of the connections API through its SDK, which no function uses.

use aws_sdk_apigatewaymanagement::primitives::Blob;
use aws_smithy_runtime_api::client::http::{SharedHttpConnector, http_client_fn};
use confab_bench::{Answers, ENDPOINT, aws};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let aws = aws(Answers(""))?;
    let connector = SharedHttpConnector::new(Answers(""));
    let config = aws_sdk_apigatewaymanagement::Config::builder()
        .behavior_version(aws_sdk_apigatewaymanagement::config::BehaviorVersion::latest())
        .region(aws_sdk_apigatewaymanagement::config::Region::new("us-east-1"))
        .credentials_provider(aws_credential_types::Credentials::new("t", "t", None, None, "b"))
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .endpoint_url(ENDPOINT)
        .build();
    let client = aws_sdk_apigatewaymanagement::Client::from_conf(config);
    let post = client.post_to_connection().connection_id("id");
    let posted = post.data(Blob::new(b"frame".to_vec())).send().await?;
    println!("{aws:?} {posted:?}");
    Ok(())
}
