use confab_lambda::StartError;
use studio::{State, routes::studio_health};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::serve(
        "studio-health",
        State::start(studio_health::PARTS),
        studio_health::routes(),
    )
    .await
}
