use carousel::{State, workers::carousel_operator};
use confab_lambda::StartError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::command(
        "carousel-operator",
        State::start(carousel_operator::PARTS),
        carousel_operator::handle,
    )
    .await
}
