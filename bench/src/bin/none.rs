//! A function without AWS: what the others are compared with.

use confab_bench::{Answers, aws};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("{:?}", aws(Answers(""))?);
    Ok(())
}
