use carousel::{State, workers::carousel_webhook};
use confab_lambda::StartError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::queue(
        "carousel-webhook",
        State::start(carousel_webhook::PARTS),
        carousel_webhook::handle,
    )
    .await
}
