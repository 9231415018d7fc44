use confab_lambda::{StartError, serve};
use rooms::{State, routes::photo_analysis};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(
        "photo-analysis",
        State::start(photo_analysis::PARTS),
        photo_analysis::routes(),
    )
    .await
}
