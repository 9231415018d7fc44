use confab_lambda::StartError;
use rooms::{Rooms, routes::chat_people};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::http("chat-people", Rooms::from_env(), chat_people::handle).await
}
