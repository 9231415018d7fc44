use confab_lambda::StartError;
use studio::{State, routes::pack_tune_received};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::serve(
        "pack-tune-received",
        State::start(pack_tune_received::PARTS),
        pack_tune_received::routes(),
    )
    .await
}
