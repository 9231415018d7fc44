use confab_lambda::StartError;
use rooms::{Gate, workers::ws_authorize};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::authorizer("ws-authorize", Gate::from_env(), ws_authorize::handle).await
}
