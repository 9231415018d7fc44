use confab_lambda::StartError;
use studio::{Photographer, workers::studio_photos};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::queue(
        "studio-photos",
        Photographer::from_env(),
        studio_photos::handle,
    )
    .await
}
