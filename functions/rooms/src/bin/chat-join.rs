use confab_lambda::StartError;
use rooms::{Rooms, chat_join};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::http("chat-join", Rooms::from_env(), chat_join::handle).await
}
