use carousel::{State, routes::test_carousel};
use confab_lambda::StartError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::serve(
        "test-carousel",
        State::start(test_carousel::PARTS),
        test_carousel::routes(),
    )
    .await
}
