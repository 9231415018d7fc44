use confab_lambda::StartError;
use payments::{Webhook, routes::payment_received};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::http(
        "payment-received",
        Webhook::from_env(),
        payment_received::handle,
    )
    .await
}
