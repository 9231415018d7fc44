use carousel::{State, workers::carousel_conversation};
use confab_lambda::StartError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::queue(
        "carousel-conversation",
        State::start(carousel_conversation::PARTS),
        carousel_conversation::handle,
    )
    .await
}
