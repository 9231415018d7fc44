use confab_lambda::{StartError, serve};
use desk::{State, routes::desk_tenants};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(
        "desk-tenants",
        State::start(desk_tenants::PARTS),
        desk_tenants::routes(),
    )
    .await
}
