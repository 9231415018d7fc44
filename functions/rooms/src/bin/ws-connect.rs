use confab_lambda::{StartError, socket};
use rooms::{State, workers::ws_connect};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    socket(
        "ws-connect",
        State::start(ws_connect::PARTS),
        ws_connect::handle,
    )
    .await
}
