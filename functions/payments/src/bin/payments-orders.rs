use confab_lambda::StartError;
use payments::{State, routes::payments_orders};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::serve(
        "payments-orders",
        State::start(payments_orders::PARTS),
        payments_orders::routes(),
    )
    .await
}
