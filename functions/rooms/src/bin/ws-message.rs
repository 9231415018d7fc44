use confab_lambda::{StartError, socket};
use rooms::{State, workers::ws_message};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    socket(
        "ws-message",
        State::start(ws_message::PARTS),
        ws_message::handle,
    )
    .await
}
