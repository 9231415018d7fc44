use confab_lambda::StartError;
use studio::{Cleaner, workers::studio_cleanup};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::queue(
        "studio-cleanup",
        Cleaner::from_env(),
        studio_cleanup::handle,
    )
    .await
}
