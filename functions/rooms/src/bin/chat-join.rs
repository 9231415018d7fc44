use confab_lambda::StartError;
use rooms::{Lobby, routes::chat_join};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::http("chat-join", Lobby::from_env(), chat_join::handle).await
}
