use carousel::{State, workers::carousel_write};
use confab_lambda::StartError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::queue(
        "carousel-write",
        State::start(carousel_write::PARTS),
        carousel_write::handle,
    )
    .await
}
