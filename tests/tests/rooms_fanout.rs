//! One message in rooms of many sizes: all who live get it, the dead are forgotten, and what it takes is counted.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, Result, ensure};
use aws_sdk_dynamodb::types::{AttributeValue, Select};
use confab_e2e::{Guest, Live, Place, eventually};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};

/// The sizes; `CONFAB_ROOMS_SIZES=1,10,100,1000,5000` is what docs/BENCHMARKS.md shows.
#[expect(clippy::disallowed_methods, reason = "the suite's own configuration")]
fn sizes() -> Result<Vec<usize>> {
    let given = std::env::var("CONFAB_ROOMS_SIZES").unwrap_or_else(|_| "1,10,400".to_owned());
    given.split(',').map(|size| size.parse().context("as 1,10,400")).collect()
}

const AT_ONCE: usize = 40;
const PATIENCE: Duration = Duration::from_secs(120);

/// Calls and capacity of each function since `local` began.
async fn spent(place: &Place) -> Result<BTreeMap<(String, String), [f64; 3]>> {
    let state = place.get("/api/state").await?;
    let calls = state["aws_calls"].as_array().cloned().unwrap_or_default();
    let text = |call: &Value, name: &str| call[name].as_str().unwrap_or_default().to_owned();
    let number = |call: &Value, name: &str| call[name].as_f64().unwrap_or_default();
    let of = |call: &Value| {
        let spent = [number(call, "count"), number(call, "read_units"), number(call, "write_units")];
        ((text(call, "caller"), text(call, "operation")), spent)
    };
    Ok(calls.iter().filter(|call| call["caller"] != "outside").map(of).collect())
}

async fn connected(place: &Place, code: &str) -> Result<i32> {
    let dynamodb = aws_sdk_dynamodb::Client::new(&place.aws_config()?);
    let tables = dynamodb.list_tables().send().await?.table_names.unwrap_or_default();
    let table = tables.into_iter().find(|name| name.contains("RoomsTable")).context("a table")?;
    let (mut count, mut from) = (0, None);
    loop {
        let query = dynamodb.query().table_name(&table).select(Select::Count).key_condition_expression("pk = :pk");
        let query = query.expression_attribute_values(":pk", AttributeValue::S(format!("LIVE#{code}")));
        let query = query.filter_expression("attribute_exists(c)").set_exclusive_start_key(from);
        let page = query.send().await?;
        count += page.count;
        from = page.last_evaluated_key.filter(|key| !key.is_empty());
        if from.is_none() {
            return Ok(count);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_reaches_all_who_live_and_the_dead_are_forgotten() -> Result<()> {
    let place = Place::local().await?;
    for size in sizes()? {
        let host = Guest::new(&place).await?;
        let code = host.opens(&format!("Room of {size}"), "Host").await?;
        let sockets: Vec<Live> = stream::iter(0..size)
            .map(|number| {
                let (place, code) = (&place, &code);
                async move {
                    Live::open(&Guest::sealed(place, &format!("{number:06}"))?.sealed_ticket(place, code).await?).await
                }
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        host.says(&code, "warm-up-message", "warm up").await?;
        all_hear(&sockets, "warm up").await?;
        place.put("/api/latency", &json!({ "aws_ms": 10 })).await?;
        let before = spent(&place).await?;
        host.says(&code, "counted-message", "hello all").await?;
        all_hear(&sockets, "hello all").await?;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let after = spent(&place).await?;
        place.put("/api/latency", &json!({ "aws_ms": 0 })).await?;
        let state = place.get("/api/state").await?;
        let functions = state["functions"].as_array().context("functions")?;
        let broadcast =
            functions.iter().find(|function| function["name"] == "ws-broadcast").context("a broadcaster")?;
        let took = &broadcast["duration_ms"]["last"];
        println!("{size} sockets, {took} ms with 10 ms a call");
        for (what, now) in &after {
            let was = before.get(what).copied().unwrap_or_default();
            let spent = [now[0] - was[0], now[1] - was[1], now[2] - was[2]];
            if spent[0] > 0.0 {
                println!("  {} {}: {} calls, {} RRU, {} WRU", what.0, what.1, spent[0], spent[1], spent[2]);
            }
        }
        let posts = ("ws-broadcast".to_owned(), "PostToConnection".to_owned());
        let posted = after.get(&posts).map_or(0.0, |calls| calls[0]) - before.get(&posts).map_or(0.0, |calls| calls[0]);
        #[expect(clippy::cast_precision_loss, reason = "a room has fewer sockets than a float has whole numbers")]
        let expected = size as f64;
        assert_eq!(posted, expected, "one post a socket");
        // A tenth of them vanishes, and nobody says so.
        let listed = place.get("/api/sockets?limit=20000").await?;
        let listed = listed.as_array().cloned().unwrap_or_default();
        let dead = size / 10;
        for socket in listed.iter().filter(|socket| socket["authorizer"]["room"] == code.as_str()).take(dead) {
            let id = socket["connection_id"].as_str().context("an id")?;
            place.post(&format!("/api/sockets/{}/drop", id.replace('=', "%3D")), &json!({ "silently": true })).await?;
        }
        host.says(&code, "third-message", "still here?").await?;
        let living = i32::try_from(size - dead)?;
        eventually(PATIENCE, || async {
            let rows = connected(&place, &code).await?;
            ensure!(rows == living, "{rows} rows for {living} who live");
            let heard = sockets.iter().filter(|live| live.texts().contains(&"still here?".to_owned())).count();
            ensure!(i32::try_from(heard)? == living, "{heard} of {living} heard it");
            Ok(())
        })
        .await?;
    }
    Ok(())
}

async fn all_hear(sockets: &[Live], text: &str) -> Result<()> {
    eventually(PATIENCE, || async {
        let heard = sockets.iter().filter(|live| live.texts().contains(&text.to_owned())).count();
        ensure!(heard == sockets.len(), "{heard} of {} heard {text:?}", sockets.len());
        Ok(())
    })
    .await
}
