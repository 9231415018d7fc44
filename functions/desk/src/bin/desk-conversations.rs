use confab_lambda::{StartError, serve};
use desk::{State, routes::desk_conversations};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(
        "desk-conversations",
        State::start(desk_conversations::PARTS),
        desk_conversations::routes(),
    )
    .await
}
