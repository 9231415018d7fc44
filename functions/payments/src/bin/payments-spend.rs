use confab_lambda::StartError;
use payments::{State, routes::payments_spend};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::serve(
        "payments-spend",
        State::start(payments_spend::PARTS),
        payments_spend::routes(),
    )
    .await
}
