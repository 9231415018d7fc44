use carousel::{State, workers::carousel_sweep};
use confab_lambda::StartError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::schedule(
        "carousel-sweep",
        State::start(carousel_sweep::PARTS),
        carousel_sweep::handle,
    )
    .await
}
