use confab_lambda::{StartError, serve};
use rooms::{State, routes::rooms_health};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(
        "rooms-health",
        State::start(rooms_health::PARTS),
        rooms_health::routes(),
    )
    .await
}
