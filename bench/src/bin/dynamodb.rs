//! One call of DynamoDB.

use confab_aws::Table;
use confab_bench::{Answers, aws};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let aws = aws(Answers("{}"))?;
    let table = Table::new(aws.dynamodb(), "table");
    let row: Option<serde_json::Value> = table.get(Table::key("p", "s")).await?;
    println!("{aws:?} {row:?}");
    Ok(())
}
