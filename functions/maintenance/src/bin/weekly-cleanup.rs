use confab_lambda::StartError;
use maintenance::{State, workers::weekly_cleanup};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let state = State::start(weekly_cleanup::PARTS);
    confab_lambda::schedule("weekly-cleanup", state, weekly_cleanup::handle).await
}
