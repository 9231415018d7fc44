use confab_lambda::{StartError, queue_batch};
use desk::{State, workers::desk_ws_broadcast};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    queue_batch(
        "desk-ws-broadcast",
        State::start(desk_ws_broadcast::PARTS),
        desk_ws_broadcast::handle,
    )
    .await
}
