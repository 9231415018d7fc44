use confab_lambda::StartError;
use studio::{State, workers::studio_packs};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::queue(
        "studio-packs",
        State::start(studio_packs::PARTS),
        studio_packs::handle,
    )
    .await
}
