use confab_lambda::StartError;
use studio::{State, workers::studio_conversation};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::queue(
        "studio-conversation",
        State::start(studio_conversation::PARTS),
        studio_conversation::handle,
    )
    .await
}
