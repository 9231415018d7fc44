use confab_lambda::StartError;
use payments::{Checkout, routes::payments_pay};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::http("payments-pay", Checkout::from_env(), payments_pay::handle).await
}
