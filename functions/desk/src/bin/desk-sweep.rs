use confab_lambda::{StartError, schedule};
use desk::{State, workers::desk_sweep};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    schedule(
        "desk-sweep",
        State::start(desk_sweep::PARTS),
        desk_sweep::handle,
    )
    .await
}
