use confab_lambda::{StartError, queue_batch};
use rooms::{State, workers::ws_broadcast};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    queue_batch(
        "ws-broadcast",
        State::start(ws_broadcast::PARTS),
        ws_broadcast::handle,
    )
    .await
}
