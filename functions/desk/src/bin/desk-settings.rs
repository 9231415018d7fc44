use confab_lambda::{StartError, serve};
use desk::{State, routes::desk_settings};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(
        "desk-settings",
        State::start(desk_settings::PARTS),
        desk_settings::routes(),
    )
    .await
}
