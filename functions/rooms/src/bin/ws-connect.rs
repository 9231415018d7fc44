use confab_lambda::StartError;
use rooms::{Door, workers::ws_connect};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::socket("ws-connect", Door::from_env(), ws_connect::handle).await
}
