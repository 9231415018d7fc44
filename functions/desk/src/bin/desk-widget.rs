use confab_lambda::{StartError, serve};
use desk::{State, routes::desk_widget};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(
        "desk-widget",
        State::start(desk_widget::PARTS),
        desk_widget::routes(),
    )
    .await
}
