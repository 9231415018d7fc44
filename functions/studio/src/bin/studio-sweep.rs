use confab_lambda::StartError;
use studio::{Sweeper, workers::studio_sweep};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::schedule("studio-sweep", Sweeper::from_env(), studio_sweep::handle).await
}
