use confab_lambda::StartError;
use studio::{Packs, routes::update_images};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::http("update-images", Packs::from_env(), update_images::handle).await
}
