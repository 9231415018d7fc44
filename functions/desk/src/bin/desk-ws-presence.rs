use confab_lambda::{StartError, socket};
use desk::{State, workers::desk_ws_presence};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    socket(
        "desk-ws-presence",
        State::start(desk_ws_presence::PARTS),
        desk_ws_presence::handle,
    )
    .await
}
