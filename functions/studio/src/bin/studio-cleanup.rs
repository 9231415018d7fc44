use confab_lambda::StartError;
use studio::{State, workers::studio_cleanup};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::queue(
        "studio-cleanup",
        State::start(studio_cleanup::PARTS),
        studio_cleanup::handle,
    )
    .await
}
