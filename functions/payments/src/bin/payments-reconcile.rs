use confab_lambda::StartError;
use payments::{Reconciler, workers::payments_reconcile};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::schedule(
        "payments-reconcile",
        Reconciler::from_env(),
        payments_reconcile::handle,
    )
    .await
}
