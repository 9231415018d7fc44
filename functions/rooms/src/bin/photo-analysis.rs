use confab_lambda::StartError;
use rooms::{Photos, routes::photo_analysis};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::http("photo-analysis", Photos::from_env(), photo_analysis::handle).await
}
