//! The barrier behind the renderers, in every order.

use std::collections::BTreeMap;

use super::*;
use crate::CostRow;

const SLIDES: usize = 5;
const COPIES: u8 = 2;

/// Copies of each slide's news that have arrived.
type Arrived = [u8; SLIDES];

#[derive(Clone)]
struct Reached {
    saga: Saga,
    /// Effects on the way here, in the order of their decisions.
    effects: Vec<Effect>,
    orders: u64,
}

fn count(effects: &[Effect], event_type: &str) -> usize {
    let types = event_types(effects);
    types.iter().filter(|found| **found == event_type).count()
}

fn albums(effects: &[Effect]) -> usize {
    let calls = effects.iter().filter_map(call_of);
    calls
        .filter(|call| matches!(call, Call::SendPhotos { .. }))
        .count()
}

/// A slide that was drawn with two puts.
fn news_of(run: &Run, number: u8) -> SagaTrigger {
    let mut trigger = run.rendered(number);
    if let SagaTrigger::Rendered { usage, .. } = &mut trigger {
        usage.push(Usage {
            kind: CostKind::ObjectPuts,
            units: 2,
        });
    }
    trigger
}

/// Walks all orders of five slides in two copies. Orders that have seen the same news meet in one
/// place, and the test proves that they may: row and effects are equal whatever way was taken.
/// So each of the 113,400 orders is covered by 243 places and 810 steps.
#[test]
fn every_order_of_five_slides_and_their_copies_renders_once_and_sends_one_album() {
    let mut start = Run::new(5);
    start.done(is_board).write();
    let news: Vec<_> = (1..=5).map(|number| news_of(&start, number)).collect();
    let prices = prices();
    let first = Reached {
        saga: start.saga,
        effects: Vec::new(),
        orders: 1,
    };
    let mut places = BTreeMap::from([([0; SLIDES], first)]);
    let mut steps = 0;
    for _ in 0..SLIDES * usize::from(COPIES) {
        let mut next = BTreeMap::<Arrived, Reached>::new();
        for (arrived, place) in places {
            for slide in 0..SLIDES {
                if arrived[slide] == COPIES {
                    continue;
                }
                steps += 1;
                let decision = step(place.saga.clone(), &news[slide], context(START, &prices));
                let mut to = arrived;
                to[slide] += 1;
                let mut effects = place.effects.clone();
                effects.extend(decision.effects);
                let is_complete = to.iter().all(|copies| *copies > 0);
                let rendered = count(&effects, "carousel.images.rendered");
                assert_eq!(rendered, usize::from(is_complete), "{to:?}");
                assert_eq!(albums(&effects), usize::from(is_complete), "{to:?}");
                match next.get_mut(&to) {
                    None => {
                        let (saga, orders) = (decision.state, place.orders);
                        next.insert(
                            to,
                            Reached {
                                saga,
                                effects,
                                orders,
                            },
                        );
                    }
                    Some(reached) => {
                        assert_eq!(reached.saga, decision.state, "{to:?}");
                        assert_eq!(reached.effects, effects, "{to:?}");
                        reached.orders += place.orders;
                    }
                }
            }
        }
        places = next;
    }
    let end = &places[&[COPIES; SLIDES]];
    assert_eq!((end.orders, steps), (113_400, 810));
    assert_eq!(end.saga.state, SagaState::Delivering);
    let renders = |row: &&CostRow| row.kind == CostKind::ObjectPuts;
    let renders = end.saga.cost.0.iter().find(renders);
    assert_eq!(
        renders.map(|row| row.units),
        Some(10),
        "a copy costs nothing"
    );
}
