//! One call of S3.

use confab_aws::Objects;
use confab_bench::{Answers, aws};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let aws = aws(Answers("bytes"))?;
    let bytes = Objects::new(&aws, "bucket").get("key").await?;
    println!("{aws:?} {bytes:?}");
    Ok(())
}
