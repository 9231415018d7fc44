use confab_lambda::{StartError, queue};
use desk::{State, workers::desk_files};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    queue(
        "desk-files",
        State::start(desk_files::PARTS),
        desk_files::handle,
    )
    .await
}
