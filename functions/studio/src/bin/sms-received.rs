use confab_lambda::StartError;
use studio::{Webhook, routes::sms_received};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::http("sms-received", Webhook::from_env(), sms_received::handle).await
}
