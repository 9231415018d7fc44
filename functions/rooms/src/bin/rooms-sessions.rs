use confab_lambda::{StartError, serve};
use rooms::{State, routes::rooms_sessions};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(
        "rooms-sessions",
        State::start(rooms_sessions::PARTS),
        rooms_sessions::routes(),
    )
    .await
}
