use confab_lambda::StartError;
use studio::{State, workers::studio_make};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::queue(
        "studio-make",
        State::start(studio_make::PARTS),
        studio_make::handle,
    )
    .await
}
