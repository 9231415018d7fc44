use confab_lambda::StartError;
use studio::{Follower, workers::studio_status};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::queue("studio-status", Follower::from_env(), studio_status::handle).await
}
