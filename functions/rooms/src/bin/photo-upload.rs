use confab_lambda::StartError;
use rooms::{Photos, routes::photo_upload};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::http("photo-upload", Photos::from_env(), photo_upload::handle).await
}
