use carousel::{State, routes::telegram_received};
use confab_lambda::StartError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::serve(
        "telegram-received",
        State::start(telegram_received::PARTS),
        telegram_received::routes(),
    )
    .await
}
