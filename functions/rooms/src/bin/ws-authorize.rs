use confab_lambda::{StartError, authorizer};
use rooms::{State, workers::ws_authorize};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    authorizer(
        "ws-authorize",
        State::start(ws_authorize::PARTS),
        ws_authorize::handle,
    )
    .await
}
