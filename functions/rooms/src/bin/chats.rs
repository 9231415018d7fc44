use confab_lambda::{StartError, serve};
use rooms::{State, routes::chats};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve("chats", State::start(chats::PARTS), chats::routes()).await
}
