use confab_lambda::StartError;
use studio::{State, workers::studio_status};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::queue(
        "studio-status",
        State::start(studio_status::PARTS),
        studio_status::handle,
    )
    .await
}
