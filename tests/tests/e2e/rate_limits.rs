//! Rate limits against a real table, with many callers at once.

use std::time::Duration;

use anyhow::Result;
use confab_aws::{RateLimit, Table};
use confab_core::{Kind, Timestamp};
use confab_e2e::Cloud;
use futures::future::join_all;

const CALLERS: u32 = 100;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap_or(Timestamp::MAX)
}

async fn cloud() -> Result<(Cloud, Table)> {
    let cloud = Cloud::start().await?;
    let table = Table::new(cloud.dynamodb.clone(), cloud.named("table"));
    Ok((cloud, table))
}

/// The kinds of the refusals among `callers` that take at once.
async fn refusals(rate: RateLimit, table: &Table, callers: u32, now: Timestamp) -> Vec<Kind> {
    let takes = (0..callers).map(|_| rate.take(table, "session#198.51.100.7", now));
    join_all(takes)
        .await
        .into_iter()
        .filter_map(|taken| taken.err().map(|error| error.kind()))
        .collect()
}

#[tokio::test]
async fn buckets_with_tokens_refuse_none_of_a_hundred_concurrent_callers() -> Result<()> {
    let (_cloud, table) = cloud().await?;
    let rate = RateLimit {
        burst: CALLERS,
        every: Duration::from_secs(30),
    };
    assert_eq!(refusals(rate, &table, CALLERS, at(0)).await, []);
    Ok(())
}

#[tokio::test]
async fn floods_are_refused_beyond_the_burst_with_retry_after() -> Result<()> {
    let (_cloud, table) = cloud().await?;
    let rate = RateLimit {
        burst: 40,
        every: Duration::from_secs(30),
    };
    let refused = refusals(rate, &table, CALLERS, at(0)).await;
    assert_eq!(
        refused,
        vec![
            Kind::RateLimited {
                retry_after_seconds: 30
            };
            60
        ]
    );
    assert_eq!(
        refusals(rate, &table, 2, at(29)).await.len(),
        2,
        "a refusal takes no token"
    );
    assert_eq!(
        refusals(rate, &table, 2, at(30)).await.len(),
        1,
        "one token comes back after its interval"
    );
    assert_eq!(
        refusals(rate, &table, 41, at(30 + 40 * 30)).await.len(),
        1,
        "an idle bucket is full again"
    );
    Ok(())
}

/// Clocks of two processes differ; the later one may not open the bucket for the earlier one.
#[tokio::test]
async fn callers_with_skewed_clocks_share_one_bucket() -> Result<()> {
    let (_cloud, table) = cloud().await?;
    let rate = RateLimit {
        burst: 10,
        every: Duration::from_secs(30),
    };
    let takes = (0..20).map(|n| rate.take(&table, "join", at(n % 2)));
    let refused = join_all(takes)
        .await
        .into_iter()
        .filter(Result::is_err)
        .count();
    assert!((10..=11).contains(&refused), "{refused}");
    Ok(())
}
