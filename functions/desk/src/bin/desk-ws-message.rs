use confab_lambda::{StartError, socket};
use desk::{State, workers::desk_ws_message};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    socket(
        "desk-ws-message",
        State::start(desk_ws_message::PARTS),
        desk_ws_message::handle,
    )
    .await
}
