use confab_lambda::StartError;
use rooms::{Looker, workers::photo_look};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::queue("photo-look", Looker::from_env(), photo_look::handle).await
}
