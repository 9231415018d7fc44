use confab_lambda::StartError;
use studio::{Worker, workers::studio_conversation};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::queue(
        "studio-conversation",
        Worker::from_env(),
        studio_conversation::handle,
    )
    .await
}
