use carousel::{State, workers::carousel_journal};
use confab_lambda::StartError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::queue(
        "carousel-journal",
        State::start(carousel_journal::PARTS),
        carousel_journal::handle,
    )
    .await
}
