use confab_lambda::StartError;
use studio::{Callbacks, routes::pack_tune_received};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::http(
        "pack-tune-received",
        Callbacks::from_env(),
        pack_tune_received::handle,
    )
    .await
}
