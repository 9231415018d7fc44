//! Simulates users, payments and Astria losing, duplicating, delaying and reordering events, and a
//! worker that crashes between reading a trigger and executing its actions. Each seed is one
//! schedule of faults.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

const SEEDS: u64 = 5_000;
const MINUTE: i64 = 60;

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn is(&mut self, percent: u64) -> bool {
        self.roll(100) < percent
    }

    fn seconds(&mut self, most: i64) -> i64 {
        i64::try_from(self.roll(u64::try_from(most).unwrap())).unwrap()
    }
}

/// The true state of an order.
#[derive(Debug, Default)]
struct OrderState {
    is_paid: bool,
    tunes: BTreeSet<i64>,
    is_made: bool,
    /// Half of the photos are made earlier than the others, which may never be.
    is_begun: bool,
    sent: BTreeMap<String, u32>,
    is_refunded: bool,
    credits: i64,
    is_used: bool,
}

struct Simulation {
    dice: Dice,
    chat: Chat,
    /// Scheduled triggers.
    scheduled: Vec<(i64, Trigger)>,
    /// Actions that are executed at least once, in order.
    queued: Vec<Action>,
    orders: BTreeMap<OrderId, OrderState>,
    tunes: i64,
}

impl Simulation {
    fn new(seed: u64) -> Self {
        let dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        Self {
            dice,
            chat: Chat::new(),
            scheduled: Vec::new(),
            queued: Vec::new(),
            orders: BTreeMap::new(),
            tunes: 0,
        }
    }

    /// Schedules up to three copies at random times, or none if the sender may lose the event.
    fn schedule(&mut self, event: &Trigger, after: i64, may_be_lost: bool) {
        if may_be_lost && self.dice.is(30) {
            return;
        }
        for _ in 0..=self.dice.roll(3) {
            let at = self.chat.now + after + self.dice.seconds(20 * MINUTE);
            self.scheduled.push((at, event.clone()));
        }
    }

    /// Handles a trigger. The worker may crash before it saves its decision.
    fn handle(&mut self, event: &Trigger) {
        while self.dice.is(15) {
            let user = self.chat.user.clone();
            self.chat.apply(event);
            self.chat.user = user;
        }
        let actions = self.chat.apply(event).to_vec();
        self.queued.extend(actions);
        self.execute_queued();
    }

    fn execute_queued(&mut self) {
        while let Some(action) = self.queued.first().cloned() {
            self.execute(&action);
            // Messages have an id and are sent once. Other actions may be repeated after a crash.
            let is_once = matches!(
                action,
                Action::SendMessage { .. } | Action::SendPaymentLink { .. }
            );
            if is_once || !self.dice.is(15) {
                self.queued.remove(0);
            }
        }
    }

    fn execute(&mut self, action: &Action) {
        match action {
            Action::SendMessage {
                body: Body::Image { url, .. },
            } => {
                let object = url.strip_prefix("object:").unwrap();
                let (order, name) = object.split_once('/').unwrap();
                let state = self.orders.get_mut(&order.parse().unwrap()).unwrap();
                *state.sent.entry(name.to_owned()).or_default() += 1;
            }
            Action::SendMessage { .. }
            | Action::SaveRating { .. }
            | Action::SaveFeedback { .. }
            | Action::ForwardQuestion { .. }
            | Action::EraseUser { .. } => {}
            Action::ReviewPhoto { photo, .. } => {
                let is_bad = self.dice.is(20);
                let verdict = if is_bad {
                    Verdict::Rejected {
                        reason: RejectionReason::Blurry,
                    }
                } else {
                    good(&photo.to_string())
                };
                self.schedule(
                    &Trigger::PhotoReviewed {
                        photo: *photo,
                        verdict,
                    },
                    1,
                    false,
                );
            }
            Action::SendPaymentLink { order, .. } => self.receive_payment_link(*order),
            Action::StartGeneration { order } => self.generate(order.id),
            Action::CheckGeneration { order, tune } => {
                let state = &self.orders[order];
                if state.tunes.contains(tune) {
                    if state.is_made {
                        self.schedule(&images_ready_of(*order, 4), 1, true);
                    } else if state.is_begun {
                        self.schedule(&images_ready_of(*order, 2), 1, true);
                    }
                }
            }
            Action::Refund { order } => self.refund(*order),
            Action::UseCredit { order } => {
                let state = self.orders.get_mut(order).unwrap();
                if !std::mem::replace(&mut state.is_used, true) {
                    state.credits -= 1;
                }
            }
        }
    }

    /// Most users pay, some of them days later. Failed attempts are reported.
    fn receive_payment_link(&mut self, order: OrderId) {
        let outcome = self.dice.roll(10);
        let state = self.orders.entry(order).or_default();
        match outcome {
            0 => {
                if !state.is_paid {
                    self.schedule(&Trigger::PaymentFailed { order }, 5 * MINUTE, false);
                }
            }
            1 => {}
            2 | 3 => {
                let fails = outcome == 2 && !state.is_paid;
                if fails {
                    self.schedule(&Trigger::PaymentPending { order }, MINUTE, true);
                    self.schedule(&Trigger::PaymentFailed { order }, 10 * MINUTE, false);
                } else if !std::mem::replace(&mut state.is_paid, true) {
                    state.credits += 1;
                    let takes = if self.dice.is(50) {
                        10 * MINUTE
                    } else {
                        3 * 24 * 60 * MINUTE
                    };
                    self.schedule(&Trigger::PaymentPending { order }, MINUTE, true);
                    self.schedule(&Trigger::PaymentReceived { order }, takes, false);
                }
            }
            _ => {
                if !std::mem::replace(&mut state.is_paid, true) {
                    state.credits += 1;
                    self.schedule(&Trigger::PaymentReceived { order }, MINUTE, false);
                }
            }
        }
    }

    fn refund(&mut self, order: OrderId) {
        let state = self.orders.get_mut(&order).unwrap();
        if state.is_paid && !state.is_refunded {
            state.is_refunded = true;
            state.credits -= 1;
            self.schedule(
                &Trigger::PaymentRefunded {
                    order,
                    is_full: true,
                },
                MINUTE,
                false,
            );
        }
    }

    /// Astria finds an order by its title: a repeated request finds the same tune.
    fn generate(&mut self, order: OrderId) {
        let (is_lost, refuses) = (self.dice.is(25), self.dice.is(5));
        let (is_begun, is_made) = (self.dice.is(40), !self.dice.is(15));
        let state = self.orders.get_mut(&order).unwrap();
        if state.tunes.is_empty() {
            if refuses {
                return self.schedule(&Trigger::GenerationFailed { order }, 1, true);
            }
            if is_lost {
                return;
            }
            self.tunes += 1;
            state.tunes.insert(self.tunes);
            (state.is_begun, state.is_made) = (is_begun, is_made);
            if is_begun {
                self.schedule(&images_ready_of(order, 2), 10 * MINUTE, true);
            }
            if is_made {
                self.schedule(&images_ready_of(order, 4), 20 * MINUTE, true);
            }
        }
        let tune = *self.orders[&order].tunes.first().unwrap();
        self.schedule(
            &Trigger::GenerationStarted {
                order,
                tune,
                eta: None,
            },
            1,
            true,
        );
    }

    /// Runs until no trigger and no timer is left.
    fn run(&mut self) {
        for _ in 0..3_000 {
            let due = self
                .chat
                .user
                .as_ref()
                .and_then(|user| user.next_timer_at)
                .map(Timestamp::as_second);
            let next = (0..self.scheduled.len()).min_by_key(|index| self.scheduled[*index].0);
            match next.map(|index| (index, self.scheduled[index].0)) {
                Some((index, at)) if due.is_none_or(|due| at <= due) => {
                    let (_, event) = self.scheduled.swap_remove(index);
                    self.chat.now = self.chat.now.max(at);
                    self.handle(&event);
                }
                _ => {
                    let Some(due) = due else { return };
                    // The sweep may be late.
                    self.chat.now = self.chat.now.max(due) + self.dice.seconds(15 * MINUTE);
                    self.handle(&Trigger::TimerFired);
                }
            }
        }
        panic!("no end: {:?}", self.chat.conversation());
    }
}

/// Of four photos.
fn images_ready_of(order: OrderId, count: usize) -> Trigger {
    let image = |number: usize| Image {
        name: format!("i{number}"),
        object: format!("{order}/i{number}"),
    };
    Trigger::ImagesReady {
        order,
        images: (0..count).map(image).collect(),
        is_last: count == 4,
    }
}

fn tap(id: &str) -> Trigger {
    received(Content::Choice {
        id: id.to_owned(),
        title: String::new(),
    })
}

/// Runs two orders of one user to their ends.
fn simulate(seed: u64) -> Simulation {
    let mut simulation = Simulation::new(seed);
    simulation.handle(&received(Content::Text { text: "hi".into() }));
    for _ in 0..2 {
        for _ in 0..=simulation.dice.roll(4) {
            let items = (0..=simulation.dice.roll(9))
                .map(|_| picture("m"))
                .collect();
            simulation.handle(&received(Content::Media {
                items,
                caption: None,
            }));
        }
        // All photos are reviewed.
        simulation.scheduled.sort_by_key(|(at, _)| *at);
        for (at, event) in std::mem::take(&mut simulation.scheduled) {
            simulation.chat.now = simulation.chat.now.max(at);
            simulation.handle(&event);
        }
        let pack = format!("18_{}", simulation.dice.roll(3) + 1);
        for choice in ["5", "20", &pack, "19", &pack] {
            simulation.handle(&tap(choice));
        }
        simulation.run();
        // One more message reopens the window, so that no message stays held.
        simulation.handle(&received(Content::Text {
            text: "hello".into(),
        }));
        simulation.run();
    }
    simulation
}

#[test]
fn no_schedule_of_faults_loses_doubles_or_silences_an_order() {
    let (mut delivered, mut refunded) = (0, 0);
    for seed in 0..SEEDS {
        let simulation = simulate(seed);
        for (id, state) in &simulation.orders {
            let order = simulation.chat.conversation().order(*id);
            let context = format!(
                "seed {seed}: {id} {:?} {state:?}",
                order.map(|order| &order.status)
            );
            assert!(state.tunes.len() <= 1, "{context}");
            assert!(state.sent.values().all(|times| *times == 1), "{context}");
            if !state.is_paid {
                assert!(
                    state.tunes.is_empty() && state.sent.is_empty() && !state.is_refunded,
                    "{context}"
                );
                continue;
            }
            // An order with fewer than half of its photos is refunded.
            let ordered = order.map_or(4, |order| usize::try_from(order.images).unwrap());
            let is_delivered = state.sent.len() * 2 >= ordered;
            assert!(is_delivered || state.is_refunded, "silent: {context}");
            assert!(
                is_delivered != state.is_refunded,
                "delivered and refunded: {context}"
            );
            assert_eq!(state.credits, 0, "{context}");
            delivered += u32::from(is_delivered);
            refunded += u32::from(state.is_refunded);
        }
    }
    assert!(
        delivered > 1_000 && refunded > 100,
        "too few orders: {delivered} delivered, {refunded} refunded"
    );
}
