use confab_lambda::StartError;
use rooms::{Departures, workers::ws_disconnect};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::socket(
        "ws-disconnect",
        Departures::from_env(),
        ws_disconnect::handle,
    )
    .await
}
