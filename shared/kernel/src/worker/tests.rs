//! The shell under copies, races, lost answers and a death at every port call.

use std::{
    cell::Cell,
    collections::HashMap,
    future::{Future, pending},
    pin::pin,
    sync::Mutex,
    task::{Context, Poll, Waker},
};

use super::*;

/// A small deterministic generator: a failing seed is printed and fails again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

type Entry = (Vec<Effect<String>>, Timestamp);

#[derive(Default)]
struct Rows {
    /// The state: a count of the events that it has seen, with its version.
    count: u32,
    entries: HashMap<u32, Entry>,
}

struct Sim {
    rows: Mutex<Rows>,
    world: Mutex<Vec<(EffectId, String)>>,
    dice: Mutex<Dice>,
    deaths_left: Mutex<u32>,
    now: Mutex<i64>,
}

impl Sim {
    fn new(seed: u64) -> Self {
        Self {
            rows: Mutex::default(),
            world: Mutex::default(),
            dice: Mutex::new(Dice(seed)),
            deaths_left: Mutex::new(12),
            now: Mutex::new(1_000_000),
        }
    }

    fn roll(&self, sides: u64) -> u64 {
        self.dice.lock().unwrap().roll(sides)
    }

    /// One time in eight the process dies here: the future never goes on.
    async fn maybe_die(&self) {
        let dies = {
            let mut left = self.deaths_left.lock().unwrap();
            let dies = *left > 0 && self.roll(8) == 0;
            *left -= u32::from(dies);
            dies
        };
        if dies {
            pending::<()>().await;
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(*self.now.lock().unwrap()).unwrap()
    }

    fn happened(&self, effect: &Effect<String>) -> bool {
        self.world.lock().unwrap().iter().any(|(id, _)| *id == effect.id)
    }
}

#[derive(Clone)]
struct Counted {
    seen: u32,
}

impl Ledger<u32> for Sim {
    type State = Counted;
    type Effect = String;

    async fn open(&self, event: &u32, _: Read) -> Result<Found<Counted, String>> {
        self.maybe_die().await;
        let rows = self.rows.lock().unwrap();
        Ok(match rows.entries.get(event) {
            None => Found::New(Counted { seen: rows.count }),
            Some((effects, lease_until)) => Found::Decided { effects: effects.clone(), lease_until: *lease_until },
        })
    }

    async fn save(&self, event: &u32, state: &Counted, effects: &[Effect<String>], lease: Timestamp) -> Result<Saved> {
        self.maybe_die().await;
        // Another worker may be faster with another event between the read and the save.
        let raced = self.roll(6) == 0;
        {
            let mut rows = self.rows.lock().unwrap();
            if raced || rows.entries.contains_key(event) || rows.count + 1 != state.seen {
                return Ok(Saved::Raced);
            }
            rows.count = state.seen;
            rows.entries.insert(*event, (effects.to_vec(), lease));
        }
        self.maybe_die().await;
        Ok(Saved::Yes)
    }

    async fn take_over(&self, event: &u32, expired: Timestamp, until: Timestamp) -> Result<bool> {
        self.maybe_die().await;
        let mut rows = self.rows.lock().unwrap();
        let (_, lease) = rows.entries.get_mut(event).unwrap();
        let free = *lease == expired;
        if free {
            *lease = until;
        }
        Ok(free)
    }

    async fn settle(&self, event: &u32, effect: &Effect<String>, _: &Outcome) -> Result<()> {
        self.maybe_die().await;
        {
            let mut rows = self.rows.lock().unwrap();
            let (effects, _) = rows.entries.get_mut(event).unwrap();
            let row = effects.iter_mut().find(|e| e.id == effect.id).unwrap();
            row.settled = true;
        }
        self.maybe_die().await;
        Ok(())
    }
}

impl World<String> for Sim {
    async fn perform(&self, effect: &Effect<String>) -> Outcome {
        self.maybe_die().await;
        let fate = self.roll(10);
        if fate == 0 {
            return Outcome::Later { code: 130_429, title: "busy".into() };
        }
        if fate != 1 {
            self.world.lock().unwrap().push((effect.id, effect.what.clone()));
        }
        self.maybe_die().await;
        match fate {
            1 | 2 => Outcome::Unknown { reason: "the answer was lost".into() },
            _ => Outcome::Done { receipt: "wamid".into() },
        }
    }

    async fn look_for(&self, effect: &Effect<String>, _: Timestamp) -> Result<Evidence> {
        self.maybe_die().await;
        Ok(if self.happened(effect) { Evidence::Happened { receipt: "wamid".into() } } else { Evidence::DidNotHappen })
    }
}

fn poll_once<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

fn greet_twice(event: u32) -> impl Fn(Counted) -> Decision<Counted, String> {
    move |state| Decision {
        state: Counted { seen: state.seen + 1 },
        effects: vec![format!("{event} first"), format!("{event} second")],
    }
}

fn run(seed: u64) -> Result<(), String> {
    const EVENTS: u32 = 4;
    let sim = Sim::new(seed);
    let mut deliveries: Vec<u32> =
        (0..EVENTS).flat_map(|event| vec![event; 1 + (seed as usize + event as usize) % 3]).collect();
    let next_id = Cell::new(0u8);
    let mut rounds = 0;
    while !deliveries.is_empty() {
        rounds += 1;
        if rounds > 1_000 {
            return Err(format!("seed {seed}: does not come to an end"));
        }
        let index = sim.roll(deliveries.len() as u64) as usize;
        let event = deliveries[index];
        // A wait sometimes shorter and sometimes longer than the lease.
        *sim.now.lock().unwrap() += i64::try_from(sim.roll(15_000)).unwrap();
        next_id.set(next_id.get().wrapping_add(1));
        let salt = next_id.get();
        let counter = Mutex::new(0u8);
        let entropy = move || {
            let mut counter = counter.lock().unwrap();
            *counter += 1;
            [salt, *counter, 0, 0, 0, 0, 0, 0, 0, 0]
        };
        let clock = || sim.now();
        let shift = Shift { clock: &clock, entropy: &entropy, time_left: Duration::from_secs(10) };
        // None: the process died. Err: the shell asks for another delivery. Both come again.
        if let Some(Ok(())) = poll_once(work(&event, &sim, &sim, shift, greet_twice(event))) {
            deliveries.swap_remove(index);
        }
    }
    let world = sim.world.lock().unwrap();
    for event in 0..EVENTS {
        let said: Vec<_> =
            world.iter().map(|(_, what)| what).filter(|what| what.starts_with(&event.to_string())).collect();
        if said != [&format!("{event} first"), &format!("{event} second")] {
            return Err(format!("seed {seed}: event {event} led to {said:?}"));
        }
    }
    let count = sim.rows.lock().unwrap().count;
    if count != EVENTS {
        return Err(format!("seed {seed}: the state counted {count} events"));
    }
    Ok(())
}

#[test]
fn every_event_takes_effect_once_and_in_order() {
    let failed: Vec<_> = (0..5_000).filter_map(|seed| run(seed).err()).collect();
    assert!(failed.is_empty(), "{} of 5000: {:#?}", failed.len(), &failed[..failed.len().min(3)]);
}

#[test]
fn a_live_lease_is_left_alone() {
    let sim = Sim::new(0);
    *sim.deaths_left.lock().unwrap() = 0;
    let effect = Effect { id: EffectId::new(sim.now(), &|| [1; 10]), what: "0 first".to_owned(), settled: false };
    let until = sim.now().checked_add(Duration::from_secs(5)).unwrap();
    sim.rows.lock().unwrap().entries.insert(0, (vec![effect], until));
    let clock = || sim.now();
    let shift = Shift { clock: &clock, entropy: &|| [9; 10], time_left: Duration::from_secs(10) };
    let outcome = poll_once(work(&0, &sim, &sim, shift, greet_twice(0))).unwrap();
    assert_eq!(outcome.unwrap_err().code(), "in_progress");
    assert!(sim.world.lock().unwrap().is_empty());
}
