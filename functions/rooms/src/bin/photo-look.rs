use confab_lambda::{StartError, queue};
use rooms::{State, workers::photo_look};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    queue(
        "photo-look",
        State::start(photo_look::PARTS),
        photo_look::handle,
    )
    .await
}
