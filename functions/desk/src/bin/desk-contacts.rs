use confab_lambda::{StartError, serve};
use desk::{State, routes::desk_contacts};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(
        "desk-contacts",
        State::start(desk_contacts::PARTS),
        desk_contacts::routes(),
    )
    .await
}
