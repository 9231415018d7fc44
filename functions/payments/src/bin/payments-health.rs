use confab_lambda::StartError;
use payments::{Health, routes::payments_health};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::http(
        "payments-health",
        Health::from_env(),
        payments_health::handle,
    )
    .await
}
