use confab_lambda::StartError;
use payments::{State, routes::payment_received};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::serve(
        "payment-received",
        State::start(payment_received::PARTS),
        payment_received::routes(),
    )
    .await
}
