use confab_lambda::StartError;
use studio::{State, workers::studio_photos};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::queue(
        "studio-photos",
        State::start(studio_photos::PARTS),
        studio_photos::handle,
    )
    .await
}
