use confab_lambda::{StartError, serve};
use desk::{State, routes::desk_members};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(
        "desk-members",
        State::start(desk_members::PARTS),
        desk_members::routes(),
    )
    .await
}
