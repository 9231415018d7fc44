use confab_lambda::StartError;
use payments::{State, routes::payments_pay};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::serve(
        "payments-pay",
        State::start(payments_pay::PARTS),
        payments_pay::routes(),
    )
    .await
}
