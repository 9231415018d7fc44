use carousel::{State, workers::carousel_render};
use confab_lambda::StartError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::queue(
        "carousel-render",
        State::start(carousel_render::PARTS),
        carousel_render::handle,
    )
    .await
}
