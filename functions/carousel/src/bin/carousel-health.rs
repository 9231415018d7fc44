use carousel::{State, routes::carousel_health};
use confab_lambda::StartError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::serve(
        "carousel-health",
        State::start(carousel_health::PARTS),
        carousel_health::routes(),
    )
    .await
}
