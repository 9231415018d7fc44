use confab_lambda::StartError;
use payments::{State, workers::payments_reconcile};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::schedule(
        "payments-reconcile",
        State::start(payments_reconcile::PARTS),
        payments_reconcile::handle,
    )
    .await
}
