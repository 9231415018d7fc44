use confab_lambda::StartError;
use rooms::{Lobby, routes::chats};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::http("chats", Lobby::from_env(), chats::handle).await
}
