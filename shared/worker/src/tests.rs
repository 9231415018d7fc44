//! Simulates the worker under copies, stale reads, late evidence, concurrent workers and a crash at every port call.

use std::{
    collections::HashMap,
    future::{Future, poll_fn},
    mem::replace,
    pin::Pin,
    sync::Mutex,
    task::{Context, Poll, Waker},
    time::Duration,
};

use confab_core::{Clock, EffectId, Entropy, Result, Timestamp};

use super::*;

/// A small deterministic generator. A failing seed is printed, and fails again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

type Entry = (Vec<Effect<String>>, Timestamp);

#[derive(Default, Clone)]
struct Rows {
    /// The state: a count of handled triggers, which is also its version.
    count: u32,
    entries: HashMap<u32, Entry>,
}

/// A performed effect, and when its evidence becomes visible.
struct Arrived {
    id: EffectId,
    what: String,
    seen_at: i64,
}

const INVOCATION: i64 = 10_000;
/// Maximum delay of evidence.
const SILENCE: i64 = 20_000;

struct Sim {
    rows: Mutex<Rows>,
    /// The state that an eventually consistent read may return.
    earlier: Mutex<Vec<Rows>>,
    world: Mutex<Vec<Arrived>>,
    dice: Mutex<Dice>,
    now: Mutex<i64>,
    ids: Mutex<u64>,
}

impl Sim {
    fn new(seed: u64) -> Self {
        Self {
            rows: Mutex::default(),
            earlier: Mutex::default(),
            world: Mutex::default(),
            dice: Mutex::new(Dice(seed)),
            now: Mutex::new(1_000_000),
            ids: Mutex::default(),
        }
    }

    fn roll(&self, sides: u64) -> u64 {
        self.dice.lock().unwrap().roll(sides)
    }

    fn millis(&self) -> i64 {
        *self.now.lock().unwrap()
    }

    fn passes(&self, millis: u64) {
        *self.now.lock().unwrap() += i64::try_from(millis).unwrap();
    }

    fn write<T>(&self, change: impl FnOnce(&mut Rows) -> T) -> T {
        let mut rows = self.rows.lock().unwrap();
        self.earlier.lock().unwrap().push(rows.clone());
        change(&mut rows)
    }

    fn read(&self, read: Consistency) -> Rows {
        let earlier = self.earlier.lock().unwrap();
        let lag = usize::try_from(self.roll(3)).unwrap();
        match earlier
            .len()
            .checked_sub(lag)
            .and_then(|index| earlier.get(index))
        {
            Some(stale) if read == Consistency::Eventual => stale.clone(),
            _ => self.rows.lock().unwrap().clone(),
        }
    }
}

impl Clock for Sim {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.millis()).unwrap()
    }
}

impl Entropy for Sim {
    fn bytes(&self) -> [u8; 10] {
        let mut ids = self.ids.lock().unwrap();
        *ids += 1;
        let mut bytes = [0; 10];
        bytes[..8].copy_from_slice(&ids.to_le_bytes());
        bytes
    }
}

/// A scheduling point: other workers run, time passes, or the process dies.
async fn yield_point() {
    let mut happened = false;
    poll_fn(|_| {
        if replace(&mut happened, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

#[derive(Clone)]
struct Counted {
    seen: u32,
}

impl DecisionStore<u32> for Sim {
    type State = Counted;
    type Effect = String;

    async fn open(&self, event: &u32, read: Consistency) -> Result<InboxState<Counted, String>> {
        yield_point().await;
        let rows = self.read(read);
        yield_point().await;
        Ok(match rows.entries.get(event) {
            None => InboxState::New(Counted { seen: rows.count }),
            Some((effects, lease_until)) => InboxState::Decided {
                effects: effects.clone(),
                lease_until: *lease_until,
            },
        })
    }

    async fn save(
        &self,
        event: &u32,
        state: &Counted,
        effects: &[Effect<String>],
        lease: Timestamp,
    ) -> Result<SaveOutcome> {
        yield_point().await;
        let saved = self.write(|rows| {
            if rows.entries.contains_key(event) || rows.count + 1 != state.seen {
                return SaveOutcome::Conflict;
            }
            rows.count = state.seen;
            rows.entries.insert(*event, (effects.to_vec(), lease));
            SaveOutcome::Saved
        });
        yield_point().await;
        Ok(saved)
    }

    async fn move_lease(&self, event: &u32, from: Timestamp, until: Timestamp) -> Result<bool> {
        yield_point().await;
        let taken = self.write(|rows| {
            let (_, lease) = rows.entries.get_mut(event).unwrap();
            let is_free = *lease == from;
            if is_free {
                *lease = until;
            }
            is_free
        });
        yield_point().await;
        Ok(taken)
    }

    async fn settle(&self, event: &u32, effect: &Effect<String>, _: &EffectOutcome) -> Result<()> {
        yield_point().await;
        self.write(|rows| {
            let (effects, _) = rows.entries.get_mut(event).unwrap();
            effects
                .iter_mut()
                .find(|row| row.id == effect.id)
                .unwrap()
                .settled = true;
        });
        yield_point().await;
        Ok(())
    }
}

impl EffectRunner<String> for Sim {
    async fn perform(&self, effect: &Effect<String>) -> EffectOutcome {
        yield_point().await;
        let fate = self.roll(10);
        if fate == 0 {
            return EffectOutcome::Later {
                code: 130_429,
                title: "busy".into(),
                delay: (self.roll(2) == 0).then_some(Duration::from_secs(1)),
            };
        }
        if fate != 1 {
            let seen_at = self.millis() + i64::try_from(self.roll(SILENCE.unsigned_abs())).unwrap();
            self.world.lock().unwrap().push(Arrived {
                id: effect.id,
                what: effect.what.clone(),
                seen_at,
            });
        }
        yield_point().await;
        match fate {
            1 | 2 => EffectOutcome::Unknown {
                reason: "the answer was lost".into(),
            },
            _ => EffectOutcome::Done {
                receipt: "wamid".into(),
            },
        }
    }

    async fn look_for(
        &self,
        effect: &Effect<String>,
        attempts_ended: Timestamp,
    ) -> Result<Evidence> {
        yield_point().await;
        let now = self.millis();
        let is_seen = self
            .world
            .lock()
            .unwrap()
            .iter()
            .any(|arrived| arrived.id == effect.id && arrived.seen_at <= now);
        Ok(match is_seen {
            true => Evidence::Happened {
                receipt: "wamid".into(),
            },
            false if now < attempts_ended.as_millisecond() + SILENCE => Evidence::NotYetClear,
            false => Evidence::DidNotHappen,
        })
    }
}

fn greet_twice(event: u32) -> impl Fn(Counted) -> Decision<Counted, String> {
    move |state| Decision {
        state: Counted {
            seen: state.seen + 1,
        },
        effects: vec![format!("{event} first"), format!("{event} second")],
    }
}

fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

struct Invocation<'a> {
    event: u32,
    ends_at: i64,
    work: Pin<Box<dyn Future<Output = Result<()>> + 'a>>,
}

fn invoke(sim: &Sim, event: u32) -> Invocation<'_> {
    let shift = WorkerContext {
        clock: sim,
        entropy: sim,
        time_left: Duration::from_millis(INVOCATION.unsigned_abs()),
    };
    let work = Box::pin(async move { work(&event, sim, sim, shift, greet_twice(event)).await });
    Invocation {
        event,
        ends_at: sim.millis() + INVOCATION,
        work,
    }
}

fn run(seed: u64) -> Result<(), String> {
    const EVENTS: u32 = 4;
    const AT_ONCE: usize = 3;
    let sim = Sim::new(seed);
    let mut deliveries: Vec<u32> = (0..EVENTS)
        .flat_map(|event| vec![event; 1 + (seed as usize + event as usize) % 3])
        .collect();
    let mut running: Vec<Invocation<'_>> = Vec::new();
    let mut deaths = 12;
    let mut steps = 0;
    while !deliveries.is_empty() || !running.is_empty() {
        steps += 1;
        if steps > 20_000 {
            return Err(format!("seed {seed}: does not come to an end"));
        }
        // Mostly short steps, sometimes longer than a lease.
        let millis = if sim.roll(20) == 0 {
            sim.roll(15_000)
        } else {
            sim.roll(200)
        };
        sim.passes(millis);
        running.retain(|invocation| invocation.ends_at > sim.millis());
        if running.len() < AT_ONCE && !deliveries.is_empty() && sim.roll(4) == 0 {
            running.push(invoke(
                &sim,
                deliveries[sim.roll(deliveries.len() as u64) as usize],
            ));
        }
        if running.is_empty() {
            continue;
        }
        let index = sim.roll(running.len() as u64) as usize;
        if deaths > 0 && sim.roll(30) == 0 {
            deaths -= 1;
            running.swap_remove(index);
            continue;
        }
        // An error leads to redelivery, as a crash does.
        if let Some(outcome) = poll(running[index].work.as_mut()) {
            let done = running.swap_remove(index);
            if let (Ok(()), Some(delivery)) = (
                outcome,
                deliveries.iter().position(|event| *event == done.event),
            ) {
                deliveries.swap_remove(delivery);
            }
        }
    }
    let world = sim.world.lock().unwrap();
    for event in 0..EVENTS {
        let of_event = world
            .iter()
            .map(|arrived| &arrived.what)
            .filter(|what| what.starts_with(&event.to_string()));
        let said: Vec<_> = of_event.collect();
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
fn triggers_take_effect_once_and_in_order() {
    let failed: Vec<_> = (0..5_000).filter_map(|seed| run(seed).err()).collect();
    assert!(
        failed.is_empty(),
        "{} of 5000: {:#?}",
        failed.len(),
        &failed[..failed.len().min(3)]
    );
}

/// Runs one invocation alone to its end.
fn alone(sim: &Sim, event: u32) -> Result<()> {
    let mut invocation = invoke(sim, event);
    loop {
        if let Some(outcome) = poll(invocation.work.as_mut()) {
            return outcome;
        }
    }
}

#[test]
fn live_leases_are_not_taken_over() {
    let sim = Sim::new(0);
    let effect = Effect {
        id: EffectId::new(sim.now(), &sim),
        what: "0 first".to_owned(),
        settled: false,
    };
    let until = sim.now().checked_add(Duration::from_secs(5)).unwrap();
    sim.rows
        .lock()
        .unwrap()
        .entries
        .insert(0, (vec![effect], until));
    assert_eq!(alone(&sim, 0).unwrap_err().code(), "in_progress");
    assert!(sim.world.lock().unwrap().is_empty());
}

/// A provider that is busy once, and says for how long.
struct Busy<'a> {
    sim: &'a Sim,
    is_busy: Mutex<bool>,
}

impl EffectRunner<String> for Busy<'_> {
    async fn perform(&self, effect: &Effect<String>) -> EffectOutcome {
        if replace(&mut *self.is_busy.lock().unwrap(), false) {
            return EffectOutcome::Later {
                code: 429,
                title: "busy".into(),
                delay: Some(Duration::from_secs(1)),
            };
        }
        self.sim.world.lock().unwrap().push(Arrived {
            id: effect.id,
            what: effect.what.clone(),
            seen_at: self.sim.millis(),
        });
        EffectOutcome::Done {
            receipt: "wamid".into(),
        }
    }

    async fn look_for(&self, effect: &Effect<String>, ended: Timestamp) -> Result<Evidence> {
        assert!(ended <= self.sim.now(), "{effect:?} may be under way");
        Ok(Evidence::DidNotHappen)
    }
}

#[test]
fn work_that_a_provider_put_off_goes_on_before_its_lease_would_have_ended() {
    let sim = Sim::new(0);
    let busy = Busy {
        sim: &sim,
        is_busy: Mutex::new(true),
    };
    let context = || WorkerContext {
        clock: &sim,
        entropy: &sim,
        time_left: Duration::from_millis(INVOCATION.unsigned_abs()),
    };
    let attempt = || {
        let mut attempt = Box::pin(work(&0, &sim, &busy, context(), greet_twice(0)));
        loop {
            if let Some(outcome) = poll(attempt.as_mut()) {
                return outcome;
            }
        }
    };
    let error = attempt().unwrap_err();
    assert_eq!(error.delay(), Some(Duration::from_secs(1)));
    sim.passes(1_000);
    attempt().unwrap();
    assert_eq!(sim.world.lock().unwrap().len(), 2);
}
