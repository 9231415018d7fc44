//! The patterns of `shared/aws` on a real endpoint: what they promise when many come at once.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result};
use confab_aws::{Aws, AwsConfig, Inbox, Objects, RateLimit, Table};
use confab_core::{Env, Kind, Timestamp};
use confab_e2e::Place;
use futures::future::join_all;

async fn place() -> Result<(Place, Aws)> {
    let place = Place::running("tests/cloud.yaml").await?;
    let env = Env::from_iter([
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_ENDPOINT_URL", place.aws.as_str()),
    ]);
    let aws = Aws::new(AwsConfig::from_env(&env)?)?;
    Ok((place, aws))
}

fn table(aws: &Aws) -> Arc<Table> {
    Arc::new(Table::new(aws.dynamodb(), "confab-table"))
}

fn at(seconds: i64) -> Result<Timestamp> {
    Timestamp::from_second(1_800_000_000 + seconds).context("a time")
}

#[tokio::test]
async fn buckets_give_exactly_their_tokens_to_concurrent_callers() -> Result<()> {
    let (_place, aws) = place().await?;
    let table = table(&aws);
    let rate = RateLimit {
        burst: 5,
        every: Duration::from_secs(60),
    };
    for second in [0, 1, 2, 3, 4] {
        rate.take(&table, "one by one", at(second)?).await?;
    }
    let refused = rate
        .take(&table, "one by one", at(5)?)
        .await
        .expect_err("the sixth");
    let Kind::RateLimited {
        retry_after_seconds,
    } = refused.kind()
    else {
        panic!("{refused}")
    };
    assert!(
        (1..=60).contains(&retry_after_seconds),
        "{retry_after_seconds}"
    );
    rate.take(
        &table,
        "one by one",
        at(5 + i64::from(retry_after_seconds))?,
    )
    .await?;
    rate.take(&table, "another", at(5)?).await?;
    let now = at(0)?;
    let taken = join_all((0..40).map(|_| rate.take(&table, "all at once", now))).await;
    let given = taken.iter().filter(|taken| taken.is_ok()).count();
    assert!(given <= 5, "{given} tokens out of five");
    assert!(given >= 1, "one must win");
    Ok(())
}

#[tokio::test]
async fn one_of_many_workers_claims_an_event_and_one_takes_over_its_lease() -> Result<()> {
    let (_place, aws) = place().await?;
    let table = table(&aws);
    let (now, lease) = (at(0)?, at(10)?);
    let claims = (0..10).map(|n| {
        let table = table.clone();
        async move {
            let inbox = Inbox::new(format!("worker {n}"), Vec::new(), lease, now);
            let claim = inbox.claim(&table, "meta#wamid.1", now)?;
            let written = table
                .client
                .transact_write_items()
                .transact_items(claim)
                .send()
                .await;
            anyhow::Ok(written.is_ok())
        }
    });
    let won = join_all(claims)
        .await
        .into_iter()
        .collect::<Result<Vec<_>>>()?;
    assert_eq!(won.iter().filter(|won| **won).count(), 1);
    let takers = (0..10).map(|_| Inbox::move_lease(&table, "meta#wamid.1", lease, now));
    let took = join_all(takers)
        .await
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?;
    assert_eq!(took.iter().filter(|took| **took).count(), 1);
    Ok(())
}

#[tokio::test]
async fn objects_round_trip_and_links_expire() -> Result<()> {
    let (place, aws) = place().await?;
    let objects = Objects::new(&aws, "confab-bucket");
    let key = "rooms/a b+c/שלום.jpg";
    assert_eq!(objects.get(key).await?, None);
    objects.put(key, "image/jpeg", b"picture".to_vec()).await?;
    assert_eq!(objects.get(key).await?.as_deref(), Some(&b"picture"[..]));
    let link = objects.link(key, Duration::from_secs(60))?;
    let answer = place.http.get(&link).send().await?;
    assert_eq!(answer.status(), 200, "{link}");
    assert_eq!(answer.bytes().await?, "picture");
    let forged = place
        .http
        .get(link.replace("rooms", "other"))
        .send()
        .await?;
    assert!(forged.status().is_client_error(), "{}", forged.status());
    objects.delete(key).await?;
    objects.delete(key).await?;
    assert_eq!(objects.get(key).await?, None);
    Ok(())
}
