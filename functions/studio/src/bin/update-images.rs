use confab_lambda::StartError;
use studio::{State, routes::update_images};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::serve(
        "update-images",
        State::start(update_images::PARTS),
        update_images::routes(),
    )
    .await
}
