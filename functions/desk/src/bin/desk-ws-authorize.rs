use confab_lambda::{StartError, authorizer};
use desk::{State, workers::desk_ws_authorize};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    authorizer(
        "desk-ws-authorize",
        State::start(desk_ws_authorize::PARTS),
        desk_ws_authorize::handle,
    )
    .await
}
