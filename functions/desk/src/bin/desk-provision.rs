use confab_lambda::{StartError, queue};
use desk::{State, workers::desk_provision};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    queue(
        "desk-provision",
        State::start(desk_provision::PARTS),
        desk_provision::handle,
    )
    .await
}
