use confab_lambda::StartError;
use studio::{State, routes::studio_cleanups};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::serve(
        "studio-cleanups",
        State::start(studio_cleanups::PARTS),
        studio_cleanups::routes(),
    )
    .await
}
