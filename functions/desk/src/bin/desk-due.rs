use confab_lambda::{StartError, queue};
use desk::{State, workers::desk_due};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    queue("desk-due", State::start(desk_due::PARTS), desk_due::handle).await
}
