use confab_lambda::{StartError, serve};
use rooms::{State, routes::chat_people};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(
        "chat-people",
        State::start(chat_people::PARTS),
        chat_people::routes(),
    )
    .await
}
