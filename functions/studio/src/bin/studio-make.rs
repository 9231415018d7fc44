use confab_lambda::StartError;
use studio::{Making, workers::studio_make};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::queue("studio-make", Making::from_env(), studio_make::handle).await
}
