use confab_lambda::StartError;
use payments::{Requests, workers::payments_requests};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::queue(
        "payments-requests",
        Requests::from_env(),
        payments_requests::handle,
    )
    .await
}
