use confab_lambda::StartError;
use rooms::{Cashier, workers::rooms_paid};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::queue("rooms-paid", Cashier::from_env(), rooms_paid::handle).await
}
