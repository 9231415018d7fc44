use confab_lambda::{StartError, serve};
use rooms::{State, routes::chat_join};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(
        "chat-join",
        State::start(chat_join::PARTS),
        chat_join::routes(),
    )
    .await
}
