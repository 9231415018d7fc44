use carousel::{State, workers::carousel_replay};
use confab_lambda::StartError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::command(
        "carousel-replay",
        State::start(carousel_replay::PARTS),
        carousel_replay::handle,
    )
    .await
}
