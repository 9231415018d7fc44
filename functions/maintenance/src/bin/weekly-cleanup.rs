use confab_lambda::StartError;
use maintenance::{Caretaker, weekly_cleanup};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::schedule(
        "weekly-cleanup",
        Caretaker::from_env(),
        weekly_cleanup::handle,
    )
    .await
}
