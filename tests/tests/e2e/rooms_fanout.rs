//! One message in rooms of many sizes: all who live get it, the dead are forgotten, and what it takes is counted.

use std::{collections::BTreeMap, num::ParseIntError, str::FromStr, time::Duration};

use anyhow::{Context, Result, ensure};
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, Select, WriteRequest};
use confab_e2e::{Guest, Live, PATIENCE, Place, eventually, peak_memory, processor_micros};
use futures::{StreamExt, TryStreamExt, future, future::try_join_all, stream};
use serde_json::{Value, json};

/// Numbers in a variable, as `1,10,100`. scripts/bench sets those that docs/BENCHMARKS.md shows.
#[expect(clippy::disallowed_methods, reason = "the suite's own configuration")]
fn scale<N: FromStr<Err = ParseIntError>>(variable: &str, default: &str) -> Result<Vec<N>> {
    let given = std::env::var(variable).unwrap_or_else(|_| default.to_owned());
    let numbers = given.split(',').map(str::parse).collect::<Result<_, _>>();
    numbers.with_context(|| format!("{variable} is written as {default}"))
}

fn count(variable: &str, default: &str) -> Result<usize> {
    let numbers = scale(variable, default)?;
    numbers.first().copied().context("a number")
}

const AT_ONCE: usize = 40;

/// Calls and capacity of each function since `local` began.
async fn spent(place: &Place) -> Result<BTreeMap<(String, String), [f64; 3]>> {
    let state = place.get("/api/state").await?;
    let calls = state["aws_calls"].as_array().cloned().unwrap_or_default();
    let text = |call: &Value, name: &str| call[name].as_str().unwrap_or_default().to_owned();
    let number = |call: &Value, name: &str| call[name].as_f64().unwrap_or_default();
    let of = |call: &Value| {
        let spent = [
            number(call, "count"),
            number(call, "read_units"),
            number(call, "write_units"),
        ];
        ((text(call, "caller"), text(call, "operation")), spent)
    };
    Ok(calls
        .iter()
        .filter(|call| call["caller"] != "outside")
        .map(of)
        .collect())
}

async fn rooms_table(dynamodb: &aws_sdk_dynamodb::Client) -> Result<String> {
    let tables = dynamodb
        .list_tables()
        .send()
        .await?
        .table_names
        .unwrap_or_default();
    tables
        .into_iter()
        .find(|name| name.contains("RoomsTable"))
        .context("a table")
}

async fn connected(place: &Place, code: &str) -> Result<i32> {
    let dynamodb = aws_sdk_dynamodb::Client::new(&place.aws_config()?);
    let table = rooms_table(&dynamodb).await?;
    let (mut count, mut from) = (0, None);
    loop {
        let query = dynamodb
            .query()
            .table_name(&table)
            .select(Select::Count)
            .key_condition_expression("pk = :pk");
        let query =
            query.expression_attribute_values(":pk", AttributeValue::S(format!("LIVE#{code}")));
        let query = query
            .filter_expression("attribute_exists(c)")
            .set_exclusive_start_key(from);
        let page = query.send().await?;
        count += page.count;
        from = page.last_evaluated_key.filter(|key| !key.is_empty());
        if from.is_none() {
            return Ok(count);
        }
    }
}

/// How often the broadcaster has worked to the end, and how long the last time took, in milliseconds.
async fn broadcasts(place: &Place) -> Result<(u64, f64)> {
    let state = place.get("/api/state").await?;
    let functions = state["functions"].as_array().context("functions")?;
    let broadcast = functions
        .iter()
        .find(|function| function["name"] == "ws-broadcast")
        .context("a broadcaster")?;
    let number = |name: &str| broadcast[name].as_u64().unwrap_or_default();
    let done = number("invocations").saturating_sub(number("in_flight"));
    Ok((
        done,
        broadcast["duration_ms"]["last"]
            .as_f64()
            .unwrap_or_default(),
    ))
}

/// How long it takes to bring a message. Nothing polls while it is under way, because that would take the
/// processors' time.
async fn brings(place: &Place, host: &Guest, code: &str, id: &str, text: &str) -> Result<f64> {
    let (before, _) = broadcasts(place).await?;
    host.says(code, id, text).await?;
    eventually(|| async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let (done, took) = broadcasts(place).await?;
        ensure!(done > before, "nothing was brought");
        Ok(took)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broadcasts_reach_open_connections_and_forget_closed_ones() -> Result<()> {
    let place = Place::local().await?;
    for size in scale("CONFAB_ROOMS_SIZES", "1,10,100")? {
        let host = Guest::new(&place).await?;
        let code = host.opens(&format!("Room of {size}"), "Host").await?;
        let sockets: Vec<Live> = stream::iter(0..size)
            .map(|number| {
                let (place, code) = (&place, &code);
                async move {
                    Live::open(
                        &Guest::sealed(place, &format!("{number:06}"))?
                            .sealed_ticket(place, code)
                            .await?,
                    )
                    .await
                }
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        host.says(&code, "warm-up-message", "warm up").await?;
        all_hear(&sockets, "warm up").await?;
        place.put("/api/latency", &json!({ "aws_ms": 10 })).await?;
        let before = spent(&place).await?;
        let mut took = vec![brings(&place, &host, &code, "counted-message", "hello all").await?];
        all_hear(&sockets, "hello all").await?;
        let after = spent(&place).await?;
        let idle = processor_micros("ws-broadcast")?;
        for number in 0..6 {
            // Each sends at most eight messages in five seconds.
            tokio::time::sleep(Duration::from_millis(700)).await;
            let (id, text) = (
                format!("measured-message-{number}"),
                format!("word {number}"),
            );
            took.push(brings(&place, &host, &code, &id, &text).await?);
            all_hear(&sockets, &text).await?;
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "a room has fewer sockets than a float has whole numbers"
        )]
        let sockets_count = size as f64;
        let micros = (processor_micros("ws-broadcast")? - idle) / (6.0 * sockets_count);
        took.sort_by(f64::total_cmp);
        place.put("/api/latency", &json!({ "aws_ms": 0 })).await?;
        let memory = peak_memory("ws-broadcast")?;
        println!(
            "{size} sockets with 10 ms a call: {:.0} ms of {took:.0?}, at most {memory:.1} MB, \
             {micros:.0} µs of processor time a post",
            took[took.len() / 2]
        );
        for (what, now) in &after {
            let was = before.get(what).copied().unwrap_or_default();
            let spent = [now[0] - was[0], now[1] - was[1], now[2] - was[2]];
            if spent[0] > 0.0 {
                println!(
                    "  {} {}: {} calls, {} RRU, {} WRU",
                    what.0, what.1, spent[0], spent[1], spent[2]
                );
            }
        }
        let posts = ("ws-broadcast".to_owned(), "PostToConnection".to_owned());
        let posted = after.get(&posts).map_or(0.0, |calls| calls[0])
            - before.get(&posts).map_or(0.0, |calls| calls[0]);
        assert_eq!(posted, sockets_count, "one post a socket");
        // A tenth of them vanishes without a close frame.
        let listed = place.get("/api/sockets?limit=20000").await?;
        let listed = listed.as_array().cloned().unwrap_or_default();
        let dead = size / 10;
        for socket in listed
            .iter()
            .filter(|socket| socket["authorizer"]["room"] == code.as_str())
            .take(dead)
        {
            let id = socket["connection_id"].as_str().context("an id")?;
            place
                .post(
                    &format!("/api/sockets/{}/drop", id.replace('=', "%3D")),
                    &json!({ "silently": true }),
                )
                .await?;
        }
        host.says(&code, "third-message", "still here?").await?;
        let living = i32::try_from(size - dead)?;
        eventually(|| async {
            let rows = connected(&place, &code).await?;
            ensure!(rows == living, "{rows} rows for {living} who live");
            let heard = sockets
                .iter()
                .filter(|live| live.texts().contains(&"still here?".to_owned()))
                .count();
            ensure!(
                i32::try_from(heard)? == living,
                "{heard} of {living} heard it"
            );
            Ok(())
        })
        .await?;
    }
    Ok(())
}

async fn all_hear(sockets: &[Live], text: &str) -> Result<()> {
    eventually(|| async {
        let heard = sockets
            .iter()
            .filter(|live| live.texts().contains(&text.to_owned()))
            .count();
        ensure!(
            heard == sockets.len(),
            "{heard} of {} heard {text:?}",
            sockets.len()
        );
        Ok(())
    })
    .await
}

/// In a room where everybody speaks at once what is said goes out together. How much of it together depends on how fast
/// it is said: the ratio is printed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bursts_reach_all_members_completely() -> Result<()> {
    const PEOPLE: usize = 40;
    let rounds = count("CONFAB_ROOMS_ROUNDS", "3")?;
    let place = Place::local().await?;
    let host = Guest::new(&place).await?;
    let code = host.opens("Goal!", "Host").await?;
    let mut people = vec![host.clone()];
    for number in 1..PEOPLE {
        let guest = Guest::sealed(&place, &format!("{number:06}"))?;
        guest.joins(&code, &format!("Person {number}")).await?;
        people.push(guest);
    }
    let sockets = try_join_all(people.iter().map(|guest| async {
        let live = Live::open(&guest.sealed_ticket(&place, &code).await?).await?;
        live.greets(None).await?;
        anyhow::Ok(live)
    }))
    .await?;
    let before = spent(&place).await?;
    for round in 0..rounds {
        let all = sockets.iter().zip(&people).map(|(live, guest)| {
            let id = format!("{}-{round}", guest.id);
            async move {
                live.says(&id, &format!("word {round} of {}", guest.id))
                    .await
            }
        });
        try_join_all(all).await?;
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
    // Who was told to try again does.
    for guest in &people {
        for round in 0..rounds {
            let (id, text) = (
                format!("{}-{round}", guest.id),
                format!("word {round} of {}", guest.id),
            );
            eventually(|| async { guest.says(&code, &id, &text).await.map(drop) }).await?;
        }
    }
    let said = host.reads(&code).await?;
    assert_eq!(said.len(), PEOPLE * rounds);
    assert_eq!(
        said.last().map(|message| message["seq"].clone()),
        Some(json!(said.len())),
        "without gaps"
    );
    eventually(|| async {
        let seqs = |messages: &[Value]| {
            messages
                .iter()
                .filter_map(|message| message["seq"].as_u64())
                .collect::<Vec<_>>()
        };
        let all = seqs(&said);
        let missing = sockets.iter().map(|live| seqs(&live.shown())).map(|seen| {
            all.iter()
                .filter(|seq| !seen.contains(seq))
                .copied()
                .collect::<Vec<_>>()
        });
        let missing: Vec<_> = missing.filter(|missing| !missing.is_empty()).collect();
        ensure!(missing.is_empty(), "{missing:?} are missing");
        ensure!(
            sockets.iter().all(|live| live.shown() == said),
            "a member has something else"
        );
        Ok(())
    })
    .await?;
    let posts = ("ws-broadcast".to_owned(), "PostToConnection".to_owned());
    let after = spent(&place).await?;
    let posted = after.get(&posts).map_or(0.0, |calls| calls[0])
        - before.get(&posts).map_or(0.0, |calls| calls[0]);
    let deliveries = f64::from(u32::try_from(PEOPLE * rounds * PEOPLE)?);
    println!(
        "{posted} posts for {deliveries} deliveries: {:.3}",
        posted / deliveries
    );
    Ok(())
}

/// Measures how long a message takes to reach the last of some connections. Returns the median and the 99th percentile
/// in milliseconds.
async fn deliveries(
    people: &[Guest],
    code: &str,
    sockets: &[Live],
    name: &str,
) -> Result<[f64; 2]> {
    let mut took = Vec::new();
    for number in 0..count("CONFAB_ROOMS_DELIVERIES", "20")? {
        let (id, text) = (
            format!("{name}-message-{number}"),
            format!("{name} {number}"),
        );
        let began = tokio::time::Instant::now();
        // In turn, so that each sends at most eight messages in five seconds.
        people[number % people.len()].says(code, &id, &text).await?;
        while sockets.iter().any(|live| !live.texts().contains(&text)) {
            ensure!(began.elapsed() < PATIENCE, "{text} has not come");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        took.push(began.elapsed().as_secs_f64() * 1_000.0);
        tokio::time::sleep(Duration::from_millis(120)).await;
    }
    took.sort_by(f64::total_cmp);
    Ok([took[took.len() / 2], took[took.len() * 99 / 100]])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn photo_analysis_does_not_delay_messages() -> Result<()> {
    const MIN_PHOTOS: usize = 10;
    let place = Place::local().await?;
    let host = Guest::new(&place).await?;
    let code = host.opens("Talk", "Host").await?;
    let mut people = Vec::new();
    for number in 0..10 {
        let guest = Guest::sealed(&place, &format!("{number:06}"))?;
        guest.joins(&code, &format!("Person {number}")).await?;
        people.push(guest);
    }
    let sockets = try_join_all(people.iter().map(|guest| {
        let (place, code) = (&place, &code);
        async move { Live::open(&guest.sealed_ticket(place, code).await?).await }
    }))
    .await?;
    let mut pictures = Vec::new();
    for number in 0..8 {
        pictures.push(
            place
                .selfie(&format!("person {number}"), "woman", "good", number)
                .await?,
        );
    }
    let alone = deliveries(&people, &code, &sockets, "alone").await?;
    let (done, photos) = tokio::sync::watch::channel(false);
    // As many at a time as keep the workers busy. Each is another file, of a person of its own: no limit is reached,
    // and none was looked at before. Each is polled as often as the page does.
    let looking = stream::iter(0_usize..)
        .take_while(|seed| future::ready(*seed < MIN_PHOTOS || !*photos.borrow()))
        .map(|seed| {
            let place = &place;
            let mut picture = pictures[seed % pictures.len()].clone();
            picture.extend_from_slice(&seed.to_le_bytes());
            async move {
                let guest = Guest::sealed(place, &format!("9{seed:06}"))?;
                let photo = guest.sends_photo("image/jpeg", &picture).await?;
                eventually(|| async {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    let look = guest.gets(&format!("/api/photo-analysis/{photo}/")).await?;
                    ensure!(look["state"] == "done", "{look}");
                    Ok(())
                })
                .await
            }
        })
        .buffer_unordered(30)
        .try_fold(0, |looked_at, ()| async move { anyhow::Ok(looked_at + 1) });
    let talking = async {
        let beside = deliveries(&people, &code, &sockets, "beside").await;
        done.send_replace(true);
        beside
    };
    let (looked_at, beside) = tokio::try_join!(looking, talking)?;
    for (which, alone, beside) in [("p50", alone[0], beside[0]), ("p99", alone[1], beside[1])] {
        println!(
            "{which} of a delivery: {alone:.1} ms alone, {beside:.1} ms beside {looked_at} photos: a ratio of {:.2}",
            beside / alone
        );
    }
    Ok(())
}

/// Rows as they are after so many messages, from behind the product's back.
async fn fills(place: &Place, code: &str, user: &str, length: u64) -> Result<()> {
    const IN_ONE: u64 = 25;
    let dynamodb = &aws_sdk_dynamodb::Client::new(&place.aws_config()?);
    let table = &rooms_table(dynamodb).await?;
    let text = |text: String| AttributeValue::S(text);
    let row = |seq: u64| {
        let row = [
            ("pk", text(format!("ROOM#{code}"))),
            ("sk", text(format!("MSG#{seq:012}"))),
            ("seq", AttributeValue::N(seq.to_string())),
            ("at", text("2026-11-21T10:00:00Z".to_owned())),
            ("user_id", text(user.to_owned())),
            ("username", text("Host".to_owned())),
            ("text", text(format!("what was said as number {seq}"))),
            ("client_msg_id", text(format!("message-{seq}"))),
            ("is_deleted", AttributeValue::Bool(false)),
            ("rev", AttributeValue::N("0".to_owned())),
            ("expires_at", AttributeValue::N("4000000000".to_owned())),
        ];
        row.map(|(name, value)| (name.to_owned(), value)).into()
    };
    let batches = (0..length.div_ceil(IN_ONE)).map(|batch| async move {
        let seqs = batch * IN_ONE + 1..=((batch + 1) * IN_ONE).min(length);
        let puts = seqs.map(|seq| {
            let put = PutRequest::builder().set_item(Some(row(seq))).build()?;
            anyhow::Ok(WriteRequest::builder().put_request(put).build())
        });
        let puts = puts.collect::<Result<Vec<_>>>()?;
        let written = dynamodb
            .batch_write_item()
            .request_items(table, puts)
            .send()
            .await?;
        ensure!(
            written.unprocessed_items.unwrap_or_default().is_empty(),
            "not all were written"
        );
        anyhow::Ok(())
    });
    stream::iter(batches)
        .buffer_unordered(8)
        .try_collect()
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn history_pages_cost_the_same_at_any_length() -> Result<()> {
    let place = Place::local().await?;
    let mut costs = Vec::new();
    for length in scale::<u64>("CONFAB_ROOMS_HISTORY", "1000,3000")? {
        let host = Guest::new(&place).await?;
        let code = host.opens(&format!("Room with {length}"), "Host").await?;
        fills(&place, &code, &host.id, length).await?;
        let before = spent(&place).await?;
        let page = host
            .gets(&format!("/api/chats/{code}/messages/?limit=50"))
            .await?;
        let after = spent(&place).await?;
        let messages = page["messages"].as_array().context("messages")?;
        assert_eq!(
            (messages.len(), page["last_seq"].as_u64()),
            (50, Some(length))
        );
        let of = |what: &(String, String), index: usize| {
            after[what][index] - before.get(what).copied().unwrap_or_default()[index]
        };
        let asked = ("chat-messages".to_owned(), "Query".to_owned());
        let cost = (of(&asked, 0), of(&asked, 1));
        println!(
            "a page of 50 of {length} messages: {} call, {} RRU",
            cost.0, cost.1
        );
        costs.push(cost);
    }
    assert!(
        costs.iter().all(|cost| *cost == costs[0] && cost.0 == 1.0),
        "{costs:?}"
    );
    Ok(())
}
