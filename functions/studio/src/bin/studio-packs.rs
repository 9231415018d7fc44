use confab_lambda::StartError;
use studio::{Drawer, workers::studio_packs};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::queue("studio-packs", Drawer::from_env(), studio_packs::handle).await
}
