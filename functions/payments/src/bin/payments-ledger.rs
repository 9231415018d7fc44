use confab_lambda::StartError;
use payments::{State, routes::payments_ledger};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::serve(
        "payments-ledger",
        State::start(payments_ledger::PARTS),
        payments_ledger::routes(),
    )
    .await
}
