use confab_lambda::{StartError, queue};
use desk::{State, workers::desk_mail};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    queue(
        "desk-mail",
        State::start(desk_mail::PARTS),
        desk_mail::handle,
    )
    .await
}
