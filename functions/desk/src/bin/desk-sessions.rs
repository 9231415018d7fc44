use confab_lambda::{StartError, serve};
use desk::{State, routes::desk_sessions};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(
        "desk-sessions",
        State::start(desk_sessions::PARTS),
        desk_sessions::routes(),
    )
    .await
}
