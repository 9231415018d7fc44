use confab_lambda::StartError;
use rooms::{Shop, routes::chat_offers};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::http("chat-offers", Shop::from_env(), chat_offers::handle).await
}
