use confab_lambda::StartError;
use payments::{State, workers::payments_requests};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::queue(
        "payments-requests",
        State::start(payments_requests::PARTS),
        payments_requests::handle,
    )
    .await
}
