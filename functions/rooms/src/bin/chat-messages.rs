use confab_lambda::{StartError, serve};
use rooms::{State, routes::chat_messages};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(
        "chat-messages",
        State::start(chat_messages::PARTS),
        chat_messages::routes(),
    )
    .await
}
