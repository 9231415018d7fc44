use confab_lambda::StartError;
use rooms::{Health, routes::rooms_health};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::http("rooms-health", Health::from_env(), rooms_health::handle).await
}
