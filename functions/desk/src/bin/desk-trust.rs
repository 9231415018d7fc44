use confab_lambda::{StartError, serve};
use desk::{State, routes::desk_trust};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(
        "desk-trust",
        State::start(desk_trust::PARTS),
        desk_trust::routes(),
    )
    .await
}
