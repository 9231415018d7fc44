use confab_lambda::StartError;
use rooms::{Broadcaster, workers::ws_broadcast};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::queue_batch(
        "ws-broadcast",
        Broadcaster::from_env(),
        ws_broadcast::handle,
    )
    .await
}
