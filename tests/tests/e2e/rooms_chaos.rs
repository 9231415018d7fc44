//! Rooms full of people whose phones lose their network all the time, on functions that die: in the end everybody has
//! every message once, in order.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use confab_e2e::{Guest, Live, Place};
use futures::future::try_join_all;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

/// How much of it there is. `CONFAB_ROOMS_CHAOS=20x100x180` is twenty rooms of a hundred people for three minutes.
#[derive(Debug, Clone, Copy)]
struct Scale {
    rooms: usize,
    people: usize,
    seconds: u64,
}

impl Scale {
    #[expect(clippy::disallowed_methods, reason = "the suite's own configuration")]
    fn of_environment() -> Result<Self> {
        let given = std::env::var("CONFAB_ROOMS_CHAOS").unwrap_or_else(|_| "3x12x15".to_owned());
        let parts: Vec<_> = given
            .split('x')
            .map(str::parse)
            .collect::<Result<_, _>>()
            .context("as 3x12x15")?;
        let [rooms, people, seconds] = parts[..] else {
            bail!("as 3x12x15")
        };
        Ok(Self {
            rooms,
            people,
            seconds: u64::try_from(seconds)?,
        })
    }
}

/// What each person says, at times of their own.
const WORDS: usize = 3;
/// How long a client waits for its welcome before it opens another connection.
const UNWELCOME_AFTER: Duration = Duration::from_secs(12);

struct Dice(u64);

impl Dice {
    fn roll(&mut self, from: u64, to: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        from + (self.0 >> 33) % (to - from)
    }
}

/// An open page: the messages that it shows, and those that it has not sent yet.
struct Page {
    guest: Guest,
    code: String,
    dice: Dice,
    shown: BTreeMap<u64, Value>,
    outbox: BTreeMap<String, String>,
    sockets: usize,
    unwelcome: usize,
}

impl Page {
    /// Up to here it has everything.
    fn contiguous(&self) -> u64 {
        (1..)
            .find(|seq| !self.shown.contains_key(seq))
            .map_or(0, |seq| seq - 1)
    }

    fn takes(&mut self, live: &Live) {
        for message in live.shown() {
            if let (Some(seq), Some(id)) =
                (message["seq"].as_u64(), message["client_msg_id"].as_str())
            {
                self.outbox.remove(id);
                self.shown.insert(seq, message);
            }
        }
    }

    async fn lives(&mut self, until: Instant) -> Result<()> {
        let began = Instant::now();
        let span = until
            .saturating_duration_since(began)
            .as_millis()
            .try_into()
            .unwrap_or(u64::MAX);
        let mut to_say: Vec<_> = (0..WORDS)
            .map(|n| (self.dice.roll(0, span), format!("{}-{n}", self.guest.id)))
            .collect();
        to_say.sort();
        to_say.reverse();
        while Instant::now() < until {
            let Ok(live) = self.guest.connects(&self.code).await else {
                sleep(Duration::from_millis(self.dice.roll(50, 500))).await;
                continue;
            };
            self.sockets += 1;
            let lost_at = Instant::now() + Duration::from_millis(self.dice.roll(5_000, 30_000));
            let has = self.contiguous();
            if live
                .sends(&json!({ "type": "hello", "last_seq": has }))
                .await
                .is_err()
            {
                continue;
            }
            let mut tries: BTreeMap<String, (Instant, u32)> = BTreeMap::new();
            let mut pinged_at = Instant::now();
            while Instant::now() < lost_at.min(until) && !live.is_over() {
                sleep(Duration::from_millis(100)).await;
                self.takes(&live);
                let passed: u64 = began.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
                while let Some((_, id)) = to_say.pop_if(|(at, _)| *at <= passed) {
                    self.outbox.insert(id.clone(), format!("words of {id}"));
                }
                for (id, text) in &self.outbox {
                    // Exponential backoff: more requests do not make a slow server faster.
                    let (at, tried) = tries.get(id).copied().unwrap_or((began, 0));
                    if tried == 0 || at.elapsed() > Duration::from_secs(5) * 2_u32.pow(tried - 1) {
                        tries.insert(id.clone(), (Instant::now(), tried + 1));
                        if live.says(id, text).await.is_err() {
                            break;
                        }
                    }
                }
                if pinged_at.elapsed() > Duration::from_secs(10) {
                    pinged_at = Instant::now();
                    live.sends(&json!({ "type": "ping", "read_seq": has }))
                        .await
                        .ok();
                }
            }
            // Half of them say goodbye.
            self.takes(&live);
            if self.dice.roll(0, 2) == 0 {
                live.closes().await.ok();
            }
        }
        for (_, id) in to_say {
            self.outbox.insert(id.clone(), format!("words of {id}"));
        }
        Ok(())
    }

    /// Says what is left, and gets what is missing, as pages do.
    async fn settles(&mut self) -> Result<()> {
        for (id, text) in std::mem::take(&mut self.outbox) {
            let until = Instant::now() + Duration::from_secs(60);
            while let Err(error) = self.guest.says(&self.code, &id, &text).await {
                ensure!(Instant::now() < until, "{id} cannot be said: {error:#}");
                sleep(Duration::from_millis(self.dice.roll(200, 2_000))).await;
            }
        }
        Ok(())
    }

    async fn catches_up(&mut self) -> Result<()> {
        let until = Instant::now() + Duration::from_secs(120);
        loop {
            match timeout(UNWELCOME_AFTER, self.catches_up_once()).await {
                Ok(Ok(())) => return Ok(()),
                failed if Instant::now() > until => {
                    bail!("has {} after two minutes: {failed:?}", self.contiguous())
                }
                _ => self.unwelcome += 1,
            }
        }
    }

    async fn catches_up_once(&mut self) -> Result<()> {
        let live = self.guest.connects(&self.code).await?;
        let welcome = live.greets(Some(self.contiguous())).await?;
        let last = welcome["last_seq"].as_u64().context("a number")?;
        while self.contiguous() < last {
            sleep(Duration::from_millis(50)).await;
            self.takes(&live);
            if live.count("backfill_overflow") > 0 {
                // Too much for a socket: page by page, as far as the room remembers.
                let all = self.guest.reads(&self.code).await?;
                self.shown.extend(
                    all.into_iter()
                        .filter_map(|message| Some((message["seq"].as_u64()?, message))),
                );
            }
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_members_have_every_message_once_in_order() -> Result<()> {
    let scale = Scale::of_environment()?;
    let place = Place::local().await?;
    let mut pages = Vec::new();
    for room in 0..scale.rooms {
        let host = Guest::new(&place).await?;
        let code = host.opens(&format!("Room {room}"), "Host").await?;
        for person in 0..scale.people {
            let guest = if person == 0 {
                host.clone()
            } else {
                Guest::sealed(&place, &format!("{room:04}{person:06}"))?
            };
            if person > 0 {
                guest.joins(&code, &format!("Person {person}")).await?;
            }
            let dice =
                Dice(u64::try_from(room * 1_000 + person)?.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let code = code.clone();
            pages.push(Page {
                guest,
                code,
                dice,
                shown: BTreeMap::new(),
                outbox: BTreeMap::new(),
                sockets: 0,
                unwelcome: 0,
            });
        }
    }
    let until = Instant::now() + Duration::from_secs(scale.seconds);
    let kills = async {
        let (mut dice, mut killed) = (Dice(7), 0);
        while Instant::now() + Duration::from_secs(2) < until {
            sleep(Duration::from_millis(dice.roll(500, 3_000))).await;
            let names = [
                "ws-message",
                "ws-broadcast",
                "ws-connect",
                "ws-authorize",
                "ws-disconnect",
                "chat-messages",
            ];
            let name = names[usize::try_from(dice.roll(0, 6))?];
            let answer = place
                .post(&format!("/api/functions/{name}/kill"), &json!({}))
                .await?;
            killed += answer["killed"].as_u64().unwrap_or_default();
        }
        anyhow::Ok(killed)
    };
    let (lives, killed) = tokio::join!(
        try_join_all(pages.iter_mut().map(|page| page.lives(until))),
        kills
    );
    lives?;
    let killed = killed?;
    for chunk in pages.chunks_mut(40) {
        try_join_all(chunk.iter_mut().map(Page::settles)).await?;
    }
    for chunk in pages.chunks_mut(40) {
        try_join_all(chunk.iter_mut().map(Page::catches_up)).await?;
    }
    let sockets: usize = pages.iter().map(|page| page.sockets).sum();
    let mut total = 0;
    for pages in pages.chunk_by(|one, other| one.code == other.code) {
        let truth = pages[0].guest.reads(&pages[0].code).await?;
        let seqs: Vec<_> = truth
            .iter()
            .filter_map(|message| message["seq"].as_u64())
            .collect();
        assert_eq!(
            seqs,
            (1..=u64::try_from(truth.len())?).collect::<Vec<_>>(),
            "without gaps"
        );
        let ids: BTreeSet<_> = truth
            .iter()
            .map(|message| message["client_msg_id"].to_string())
            .collect();
        assert_eq!(ids.len(), truth.len(), "nothing twice");
        assert_eq!(truth.len(), pages.len() * WORDS, "nothing lost");
        for page in pages {
            let shown: Vec<_> = page.shown.values().cloned().collect();
            assert_eq!(shown, truth, "{} has something else", page.guest.id);
        }
        total += truth.len();
    }
    ensure!(
        killed > 0 && sockets > pages.len(),
        "nothing happened: {killed} killed, {sockets} sockets"
    );
    let unwelcome: usize = pages.iter().map(|page| page.unwelcome).sum();
    println!(
        "{scale:?}: {total} messages, {sockets} sockets, {killed} processes killed, {unwelcome} of the last greetings lost"
    );
    Ok(())
}
