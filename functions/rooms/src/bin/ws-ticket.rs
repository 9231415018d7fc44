use confab_lambda::{StartError, serve};
use rooms::{State, routes::ws_ticket};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(
        "ws-ticket",
        State::start(ws_ticket::PARTS),
        ws_ticket::routes(),
    )
    .await
}
