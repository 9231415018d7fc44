use confab_lambda::StartError;
use rooms::{Door, ws_disconnect};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::socket("ws-disconnect", Door::from_env(), ws_disconnect::handle).await
}
