use confab_lambda::StartError;
use studio::{Health, routes::studio_health};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::http("studio-health", Health::from_env(), studio_health::handle).await
}
