use confab_lambda::StartError;
use studio::{Eraser, workers::studio_erase};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::queue("studio-erase", Eraser::from_env(), studio_erase::handle).await
}
