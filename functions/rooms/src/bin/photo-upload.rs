use confab_lambda::{StartError, serve};
use rooms::{State, routes::photo_upload};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(
        "photo-upload",
        State::start(photo_upload::PARTS),
        photo_upload::routes(),
    )
    .await
}
