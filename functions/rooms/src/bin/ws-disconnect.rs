use confab_lambda::{StartError, socket};
use rooms::{State, workers::ws_disconnect};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    socket(
        "ws-disconnect",
        State::start(ws_disconnect::PARTS),
        ws_disconnect::handle,
    )
    .await
}
