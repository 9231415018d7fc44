use confab_lambda::StartError;
use studio::{State, routes::studio_ratings};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::serve(
        "studio-ratings",
        State::start(studio_ratings::PARTS),
        studio_ratings::routes(),
    )
    .await
}
