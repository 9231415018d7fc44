use confab_lambda::StartError;
use studio::{State, routes::sms_received};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::serve(
        "sms-received",
        State::start(sms_received::PARTS),
        sms_received::routes(),
    )
    .await
}
