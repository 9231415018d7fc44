//! People, payments and a maker of photos who lose, double, delay and reorder what they say, and a studio that dies at
//! any moment between reading an event and having done what it decided. Each seed is one such world.

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

/// What the world knows of an order.
#[derive(Debug, Default)]
struct Fate {
    is_paid: bool,
    tunes: BTreeSet<i64>,
    is_made: bool,
    /// Some photos are made before the others, which may never be.
    is_begun: bool,
    said: BTreeMap<String, u32>,
    is_repaid: bool,
    credits: i64,
    is_used: bool,
}

struct World {
    dice: Dice,
    chat: Chat,
    /// What will happen, and when.
    coming: Vec<(i64, Event)>,
    /// What was decided and is not done yet: it is done at least once, in order.
    to_do: Vec<Action>,
    orders: BTreeMap<OrderId, Fate>,
    tunes: i64,
}

impl World {
    fn new(seed: u64) -> Self {
        let dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        Self {
            dice,
            chat: Chat::new(),
            coming: Vec::new(),
            to_do: Vec::new(),
            orders: BTreeMap::new(),
            tunes: 0,
        }
    }

    /// Comes up to three times, each time when it wants; not at all from who may lose it.
    fn tells(&mut self, event: &Event, after: i64, may_be_lost: bool) {
        if may_be_lost && self.dice.is(30) {
            return;
        }
        for _ in 0..=self.dice.roll(3) {
            let at = self.chat.now + after + self.dice.seconds(20 * MINUTE);
            self.coming.push((at, event.clone()));
        }
    }

    /// The studio takes an event, and may die before it has saved what it decided.
    fn takes(&mut self, event: &Event) {
        while self.dice.is(15) {
            let user = self.chat.user.clone();
            self.chat.happens(event);
            self.chat.user = user;
        }
        let actions = self.chat.happens(event).to_vec();
        self.to_do.extend(actions);
        self.works();
    }

    fn works(&mut self) {
        while let Some(action) = self.to_do.first().cloned() {
            self.does(&action);
            // Messages are known by an id and said once; whatever else may be done again after a death is.
            let is_once = matches!(action, Action::Say { .. } | Action::AskToPay { .. });
            if is_once || !self.dice.is(15) {
                self.to_do.remove(0);
            }
        }
    }

    fn does(&mut self, action: &Action) {
        match action {
            Action::Say {
                body: Body::Image { url, .. },
            } => {
                let object = url.strip_prefix("object:").unwrap();
                let (order, name) = object.split_once('/').unwrap();
                let fate = self.orders.get_mut(&order.parse().unwrap()).unwrap();
                *fate.said.entry(name.to_owned()).or_default() += 1;
            }
            Action::Say { .. }
            | Action::Rate { .. }
            | Action::Note { .. }
            | Action::HandOn { .. }
            | Action::Erase { .. } => {}
            Action::Judge { photo, .. } => {
                let is_bad = self.dice.is(20);
                let verdict = if is_bad {
                    Verdict::Bad { why: Fault::Blurry }
                } else {
                    good(&photo.to_string())
                };
                self.tells(
                    &Event::Judged {
                        photo: *photo,
                        verdict,
                    },
                    1,
                    false,
                );
            }
            Action::AskToPay { order, .. } => self.is_asked_to_pay(*order),
            Action::Make { order } => self.makes(order.id),
            Action::LookAfter { order, tune } => {
                let fate = &self.orders[order];
                if fate.tunes.contains(tune) {
                    if fate.is_made {
                        self.tells(&made_of(*order, 4), 1, true);
                    } else if fate.is_begun {
                        self.tells(&made_of(*order, 2), 1, true);
                    }
                }
            }
            Action::Refund { order } => self.refunds(*order),
            Action::UseCredit { order } => {
                let fate = self.orders.get_mut(order).unwrap();
                if !std::mem::replace(&mut fate.is_used, true) {
                    fate.credits -= 1;
                }
            }
        }
    }

    /// Most people pay, some of them long after; a failed attempt is told of as well.
    fn is_asked_to_pay(&mut self, order: OrderId) {
        let wish = self.dice.roll(10);
        let fate = self.orders.entry(order).or_default();
        match wish {
            0 => {
                if !fate.is_paid {
                    self.tells(&Event::NotPaid { order }, 5 * MINUTE, false);
                }
            }
            1 => {}
            2 | 3 => {
                let fails = wish == 2 && !fate.is_paid;
                if fails {
                    self.tells(&Event::PaymentPending { order }, MINUTE, true);
                    self.tells(&Event::NotPaid { order }, 10 * MINUTE, false);
                } else if !std::mem::replace(&mut fate.is_paid, true) {
                    fate.credits += 1;
                    let takes = if self.dice.is(50) {
                        10 * MINUTE
                    } else {
                        3 * 24 * 60 * MINUTE
                    };
                    self.tells(&Event::PaymentPending { order }, MINUTE, true);
                    self.tells(&Event::Paid { order }, takes, false);
                }
            }
            _ => {
                if !std::mem::replace(&mut fate.is_paid, true) {
                    fate.credits += 1;
                    self.tells(&Event::Paid { order }, MINUTE, false);
                }
            }
        }
    }

    fn refunds(&mut self, order: OrderId) {
        let fate = self.orders.get_mut(&order).unwrap();
        if fate.is_paid && !fate.is_repaid {
            fate.is_repaid = true;
            fate.credits -= 1;
            self.tells(
                &Event::Repaid {
                    order,
                    is_all: true,
                },
                MINUTE,
                false,
            );
        }
    }

    /// The maker knows an order by its title: asked again, it is the same tune.
    fn makes(&mut self, order: OrderId) {
        let (is_lost, refuses) = (self.dice.is(25), self.dice.is(5));
        let (is_begun, is_made) = (self.dice.is(40), !self.dice.is(15));
        let fate = self.orders.get_mut(&order).unwrap();
        if fate.tunes.is_empty() {
            if refuses {
                return self.tells(&Event::Refused { order }, 1, true);
            }
            if is_lost {
                return;
            }
            self.tunes += 1;
            fate.tunes.insert(self.tunes);
            (fate.is_begun, fate.is_made) = (is_begun, is_made);
            if is_begun {
                self.tells(&made_of(order, 2), 10 * MINUTE, true);
            }
            if is_made {
                self.tells(&made_of(order, 4), 20 * MINUTE, true);
            }
        }
        let tune = *self.orders[&order].tunes.first().unwrap();
        self.tells(
            &Event::Begun {
                order,
                tune,
                eta: None,
            },
            1,
            true,
        );
    }

    /// Until nothing is left that could happen.
    fn runs(&mut self) {
        for _ in 0..3_000 {
            let due = self
                .chat
                .user
                .as_ref()
                .and_then(|user| user.due)
                .map(Timestamp::as_second);
            let next = (0..self.coming.len()).min_by_key(|index| self.coming[*index].0);
            match next.map(|index| (index, self.coming[index].0)) {
                Some((index, at)) if due.is_none_or(|due| at <= due) => {
                    let (_, event) = self.coming.swap_remove(index);
                    self.chat.now = self.chat.now.max(at);
                    self.takes(&event);
                }
                _ => {
                    let Some(due) = due else { return };
                    // The sweeper comes a little late.
                    self.chat.now = self.chat.now.max(due) + self.dice.seconds(15 * MINUTE);
                    self.takes(&Event::Due);
                }
            }
        }
        panic!("it never comes to rest: {:?}", self.chat.visit());
    }
}

/// Of four photos.
fn made_of(order: OrderId, count: usize) -> Event {
    let image = |number: usize| Image {
        name: format!("i{number}"),
        object: format!("{order}/i{number}"),
    };
    Event::Made {
        order,
        images: (0..count).map(image).collect(),
        is_all: count == 4,
    }
}

fn tap(id: &str) -> Event {
    said(Content::Choice {
        id: id.to_owned(),
        title: String::new(),
    })
}

/// Two visits of one person, each to its end.
fn lives(seed: u64) -> World {
    let mut world = World::new(seed);
    world.takes(&said(Content::Text { text: "hi".into() }));
    for _ in 0..2 {
        for _ in 0..=world.dice.roll(4) {
            let items = (0..=world.dice.roll(9)).map(|_| picture("m")).collect();
            world.takes(&said(Content::Media {
                items,
                caption: None,
            }));
        }
        // All of them are looked at.
        world.coming.sort_by_key(|(at, _)| *at);
        for (at, event) in std::mem::take(&mut world.coming) {
            world.chat.now = world.chat.now.max(at);
            world.takes(&event);
        }
        let pack = format!("18_{}", world.dice.roll(3) + 1);
        for wish in ["5", "20", &pack, "19", &pack] {
            world.takes(&tap(wish));
        }
        world.runs();
        // The person writes once more, so that nothing is held back from them.
        world.takes(&said(Content::Text {
            text: "hello".into(),
        }));
        world.runs();
    }
    world
}

#[test]
fn in_no_world_is_an_order_lost_doubled_or_silent() {
    let (mut delivered, mut repaid) = (0, 0);
    for seed in 0..SEEDS {
        let world = lives(seed);
        for (id, fate) in &world.orders {
            let order = world.chat.visit().order(*id);
            let told = format!(
                "seed {seed}: {id} {:?} {fate:?}",
                order.map(|order| &order.step)
            );
            assert!(fate.tunes.len() <= 1, "{told}");
            assert!(fate.said.values().all(|times| *times == 1), "{told}");
            if !fate.is_paid {
                assert!(
                    fate.tunes.is_empty() && fate.said.is_empty() && !fate.is_repaid,
                    "{told}"
                );
                continue;
            }
            // What is less than half of it is not worth its price.
            let ordered = order.map_or(4, |order| usize::try_from(order.images).unwrap());
            let is_delivered = fate.said.len() * 2 >= ordered;
            assert!(is_delivered || fate.is_repaid, "silent: {told}");
            assert!(
                is_delivered != fate.is_repaid,
                "delivered and paid back: {told}"
            );
            assert_eq!(fate.credits, 0, "{told}");
            delivered += u32::from(is_delivered);
            repaid += u32::from(fate.is_repaid);
        }
    }
    assert!(
        delivered > 1_000 && repaid > 100,
        "too little happened: {delivered} delivered, {repaid} paid back"
    );
}
