use confab_lambda::StartError;
use studio::{State, workers::studio_erase};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::queue(
        "studio-erase",
        State::start(studio_erase::PARTS),
        studio_erase::handle,
    )
    .await
}
