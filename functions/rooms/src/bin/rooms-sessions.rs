use confab_lambda::StartError;
use rooms::{Sessions, routes::rooms_sessions};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::http(
        "rooms-sessions",
        Sessions::from_env(),
        rooms_sessions::handle,
    )
    .await
}
