use carousel::{State, routes::telegram_connect};
use confab_lambda::StartError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::serve(
        "telegram-connect",
        State::start(telegram_connect::PARTS),
        telegram_connect::routes(),
    )
    .await
}
