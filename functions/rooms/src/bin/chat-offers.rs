use confab_lambda::{StartError, serve};
use rooms::{State, routes::chat_offers};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(
        "chat-offers",
        State::start(chat_offers::PARTS),
        chat_offers::routes(),
    )
    .await
}
