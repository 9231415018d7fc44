use confab_lambda::{StartError, serve};
use desk::{State, routes::desk_health};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(
        "desk-health",
        State::start(desk_health::PARTS),
        desk_health::routes(),
    )
    .await
}
