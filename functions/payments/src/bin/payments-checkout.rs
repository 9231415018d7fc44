use confab_lambda::StartError;
use payments::{State, routes::payments_checkout};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::serve(
        "payments-checkout",
        State::start(payments_checkout::PARTS),
        payments_checkout::routes(),
    )
    .await
}
