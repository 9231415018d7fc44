use confab_lambda::{StartError, serve};
use desk::{State, routes::desk_login};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(
        "desk-login",
        State::start(desk_login::PARTS),
        desk_login::routes(),
    )
    .await
}
