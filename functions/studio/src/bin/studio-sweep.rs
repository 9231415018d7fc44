use confab_lambda::StartError;
use studio::{State, workers::studio_sweep};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::schedule(
        "studio-sweep",
        State::start(studio_sweep::PARTS),
        studio_sweep::handle,
    )
    .await
}
