use confab_lambda::StartError;
use payments::{Worker, workers::payments_book};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::queue("payments-book", Worker::from_env(), payments_book::handle).await
}
