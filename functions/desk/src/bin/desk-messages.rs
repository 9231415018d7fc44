use confab_lambda::{StartError, serve};
use desk::{State, routes::desk_messages};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(
        "desk-messages",
        State::start(desk_messages::PARTS),
        desk_messages::routes(),
    )
    .await
}
