//! One call of SQS.

use confab_aws::Queue;
use confab_bench::{Answers, aws};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let aws = aws(Answers(r#"{"Attributes":{"ApproximateNumberOfMessages":"0"}}"#))?;
    let depth = Queue::new(&aws, "http://127.0.0.1:9/000000000000/queue").depth().await?;
    println!("{aws:?} {depth}");
    Ok(())
}
