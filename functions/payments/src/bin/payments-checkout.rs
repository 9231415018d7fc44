use confab_lambda::StartError;
use payments::{Checkout, routes::payments_checkout};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::http(
        "payments-checkout",
        Checkout::from_env(),
        payments_checkout::handle,
    )
    .await
}
