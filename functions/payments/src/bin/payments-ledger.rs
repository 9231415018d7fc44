use confab_lambda::StartError;
use payments::{Auditor, routes::payments_ledger};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::http(
        "payments-ledger",
        Auditor::from_env(),
        payments_ledger::handle,
    )
    .await
}
