use confab_lambda::{StartError, serve};
use desk::{State, routes::desk_ws_ticket};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(
        "desk-ws-ticket",
        State::start(desk_ws_ticket::PARTS),
        desk_ws_ticket::routes(),
    )
    .await
}
