use confab_lambda::{StartError, serve};
use desk::{State, routes::desk_chatbots};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve(
        "desk-chatbots",
        State::start(desk_chatbots::PARTS),
        desk_chatbots::routes(),
    )
    .await
}
