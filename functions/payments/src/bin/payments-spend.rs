use confab_lambda::StartError;
use payments::{Spending, routes::payments_spend};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::http(
        "payments-spend",
        Spending::from_env(),
        payments_spend::handle,
    )
    .await
}
