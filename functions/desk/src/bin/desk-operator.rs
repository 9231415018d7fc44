use confab_lambda::StartError;
use desk::{State, workers::desk_operator};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::command(
        "desk-operator",
        State::start(desk_operator::PARTS),
        desk_operator::handle,
    )
    .await
}
