use confab_lambda::StartError;
use rooms::{Rooms, chats};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::http("chats", Rooms::from_env(), chats::handle).await
}
