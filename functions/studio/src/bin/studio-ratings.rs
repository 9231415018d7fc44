use confab_lambda::StartError;
use studio::{Opinions, routes::studio_ratings};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    confab_lambda::http(
        "studio-ratings",
        Opinions::from_env(),
        studio_ratings::handle,
    )
    .await
}
