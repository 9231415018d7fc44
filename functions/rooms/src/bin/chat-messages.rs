use confab_lambda::StartError;
use rooms::{Rooms, routes::chat_messages};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::http("chat-messages", Rooms::from_env(), chat_messages::handle).await
}
