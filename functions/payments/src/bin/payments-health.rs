use confab_lambda::StartError;
use payments::{State, routes::payments_health};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::serve(
        "payments-health",
        State::start(payments_health::PARTS),
        payments_health::routes(),
    )
    .await
}
