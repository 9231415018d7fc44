use carousel::{State, routes::carousel_events};
use confab_lambda::StartError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::serve(
        "carousel-events",
        State::start(carousel_events::PARTS),
        carousel_events::routes(),
    )
    .await
}
