use carousel::{State, routes::carousels};
use confab_lambda::StartError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::serve(
        "carousels",
        State::start(carousels::PARTS),
        carousels::routes(),
    )
    .await
}
