use confab_lambda::StartError;
use rooms::{Tickets, routes::ws_ticket};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::http("ws-ticket", Tickets::from_env(), ws_ticket::handle).await
}
