use confab_lambda::StartError;
use rooms::{Talk, workers::ws_message};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::socket("ws-message", Talk::from_env(), ws_message::handle).await
}
