use confab_lambda::StartError;
use payments::{State, workers::payments_book};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::queue(
        "payments-book",
        State::start(payments_book::PARTS),
        payments_book::handle,
    )
    .await
}
