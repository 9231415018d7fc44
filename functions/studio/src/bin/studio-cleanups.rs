use confab_lambda::StartError;
use studio::{Cleanups, routes::studio_cleanups};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::http(
        "studio-cleanups",
        Cleanups::from_env(),
        studio_cleanups::handle,
    )
    .await
}
