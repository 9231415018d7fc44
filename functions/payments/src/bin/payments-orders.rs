use confab_lambda::StartError;
use payments::{Orders, routes::payments_orders};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::http(
        "payments-orders",
        Orders::from_env(),
        payments_orders::handle,
    )
    .await
}
