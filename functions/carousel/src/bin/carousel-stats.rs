use carousel::{State, routes::carousel_stats};
use confab_lambda::StartError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::serve(
        "carousel-stats",
        State::start(carousel_stats::PARTS),
        carousel_stats::routes(),
    )
    .await
}
