//! The worker of what was paid for in rooms: gives it, once, or has the money sent back; and takes it back when the
//! money went. News of an order come in any order and any number of times: the order's row says what came of it.

use std::{sync::Arc, time::Duration};

use confab_aws::{Bus, Queue};
use confab_contracts::{
    Event,
    payments::{PaymentReceived, PaymentRefunded, Purchase, RefundRequested},
};
use confab_core::{
    Clock, CorrelationId, Error, EventId, Money, OrderId, Result, Timestamp, UserId,
};
use confab_lambda::QueueMessage;
use confab_worker::{Consistency, SaveOutcome};
use rooms_domain::{
    Draft, Goods, News, NotGiven, PRODUCT, PaidJob, PaidPin, Person, Place, Reason, Room,
    RoomClosed, RoomCode, Tier, suggestions,
};
use tokio::time::Instant;

use crate::{
    Cashier,
    services::post_message::{everybody_out, tell},
    store::{Became, LetIn, Paid, Said, Visited},
};

/// Races for a room are lost to whoever changes it: more than this many in a row are left to redelivery.
const RACES: usize = 8;
/// What the last rows take, and saying that it goes on.
const CLEARING_ENDS: Duration = Duration::from_secs(5);

pub async fn handle(deps: Arc<Cashier>, job: QueueMessage<PaidJob>) -> Result<()> {
    let at = deps.clock.now();
    match job.body {
        PaidJob::PaymentReceived(event) => {
            let event = event.of_known_version()?;
            let PaymentReceived {
                order_id,
                purchase,
                amount,
                ..
            } = event.data;
            let asked = Asked::of(order_id, &purchase, amount, at, event.correlation_id)?;
            until_settled(|| deps.receives(&asked)).await
        }
        PaidJob::PaymentRefunded(event) => {
            let event = event.of_known_version()?;
            let PaymentRefunded {
                order_id,
                purchase,
                returned,
                is_all,
                ..
            } = event.data;
            if !is_all {
                return Ok(());
            }
            let asked = Asked::of(order_id, &purchase, returned, at, event.correlation_id)?;
            until_settled(|| deps.returns(&asked)).await
        }
        PaidJob::RoomClosed(event) => deps.clears(event.of_known_version()?, job.time_left).await,
    }
}

async fn until_settled<F: Future<Output = Result<SaveOutcome>>>(
    step: impl Fn() -> F,
) -> Result<()> {
    for _ in 0..RACES {
        if step().await? == SaveOutcome::Saved {
            return Ok(());
        }
    }
    Err(contended())
}

fn contended() -> Error {
    Error::unavailable("contended", "the room was changed at each attempt")
}

/// Given, or why not.
type Given = std::result::Result<SaveOutcome, NotGiven>;

/// An order of which there is news.
struct Asked {
    room: RoomCode,
    order: OrderId,
    payer: UserId,
    goods: Goods,
    price: Money,
    at: Timestamp,
    trace: CorrelationId,
}

impl Asked {
    fn of(
        order: OrderId,
        purchase: &Purchase,
        price: Money,
        at: Timestamp,
        trace: CorrelationId,
    ) -> Result<Self> {
        // Money was taken for it: somebody has to look.
        let unknown = || Error::internal("unknown_goods", order.to_string());
        let (room, payer, goods) = Goods::of(purchase).ok_or_else(unknown)?;
        Ok(Self {
            room,
            order,
            payer,
            goods,
            price,
            at,
            trace,
        })
    }

    fn became(&self, became: Became) -> Paid {
        Paid {
            order: self.order,
            payer: self.payer,
            username: None,
            goods: self.goods,
            price: self.price,
            at: self.at,
            became,
            why: None,
            said_as: None,
        }
    }
}

impl Cashier {
    /// What was given before is told again: whoever gave it may have died before.
    async fn receives(&self, asked: &Asked) -> Result<SaveOutcome> {
        let paid = match self.store.paid(asked.room, asked.order).await? {
            Some(paid) => paid,
            None => {
                // What is nested deeper the compiler gives up on.
                let saved = match Box::pin(self.gives(asked)).await? {
                    Ok(saved) => saved,
                    Err(why) => {
                        let paid = Paid {
                            why: Some(why),
                            ..asked.became(Became::NotGiven)
                        };
                        self.store.note_paid(asked.room, &paid, None).await?
                    }
                };
                if saved == SaveOutcome::Conflict {
                    return Ok(SaveOutcome::Conflict);
                }
                let missing = || Error::unavailable("not_noted", asked.order.to_string());
                self.store
                    .paid(asked.room, asked.order)
                    .await?
                    .ok_or_else(missing)?
            }
        };
        self.tells(asked, &paid).await
    }

    async fn gives(&self, asked: &Asked) -> Result<Given> {
        let Some(visited) = self.store.visit_if_open(asked.room, asked.payer).await? else {
            return Ok(Err(NotGiven::RoomClosed));
        };
        let Some(person) = visited
            .person
            .clone()
            .filter(|person| person.place != Place::Banned)
        else {
            return Ok(Err(NotGiven::NotInTheRoom));
        };
        let may_have = match asked.goods {
            Goods::Pin { .. } => visited
                .room
                .lets_write(visited.standing, Some(&person))
                .is_ok(),
            Goods::BackRoom => person.is_inside(),
            Goods::Tip { .. } => true,
        };
        if !may_have {
            return Ok(Err(NotGiven::NotInTheRoom));
        }
        let paid = Paid {
            username: Some(person.username.clone()),
            ..asked.became(Became::Given)
        };
        match asked.goods {
            Goods::Pin { seq, tier } => self.pins(&visited, &paid, seq, tier).await,
            Goods::Tip { .. } => self.tips(&visited, &paid, asked.trace).await,
            Goods::BackRoom => self.lets_in(&visited, &person, &paid).await,
        }
    }

    async fn pins(&self, visited: &Visited, paid: &Paid, seq: u64, tier: Tier) -> Result<Given> {
        let code = visited.room.code;
        let Some(message) = self
            .store
            .message(code, seq)
            .await?
            .filter(|message| !message.is_deleted)
        else {
            return Ok(Err(NotGiven::MessageGone));
        };
        let next_price = tier
            .next()
            .and_then(|tier| self.prices.find(&tier.item()))
            .map(|item| item.price);
        let pin = PaidPin::new(
            (paid.order, paid.payer),
            tier,
            &message,
            (paid.price, next_price),
            paid.at,
        );
        match visited.room.clone().pinned(pin, paid.at) {
            Ok(room) => self
                .store
                .put_pin(&room, visited.version, paid, seq)
                .await
                .map(Ok),
            Err(why) => Ok(Err(why)),
        }
    }

    async fn tips(&self, visited: &Visited, paid: &Paid, trace: CorrelationId) -> Result<Given> {
        let draft = Draft::tip(paid.order, paid.price)?;
        let latest = self
            .store
            .latest(
                visited.room.code,
                visited.reserved,
                Consistency::Strong,
                trace,
            )
            .await?;
        match self
            .store
            .say(visited, &draft, None, latest, Some(paid), trace)
            .await?
        {
            Said::New { .. } => Ok(Ok(SaveOutcome::Saved)),
            // Somebody else has noted it.
            Said::Again(_) | Said::Paid | Said::TooFast => Ok(Ok(SaveOutcome::Conflict)),
        }
    }

    /// Under the name that they have in front, if nobody behind looks like it.
    async fn lets_in(&self, visited: &Visited, person: &Person, paid: &Paid) -> Result<Given> {
        let (front, now) = (visited.room.code, paid.at);
        let Some(back) = visited.room.back_room else {
            return Ok(Err(NotGiven::NoBackRoom));
        };
        if person.entrance.is_some() {
            return Ok(Err(NotGiven::TwiceLetIn));
        }
        let others = suggestions(confab_core::Entropy::bytes(&self.entropy));
        for username in [person.username.clone()].into_iter().chain(others) {
            let person = Person {
                entrance: Some(paid.order),
                ..Person::new(paid.payer, username, now)
            };
            return Ok(match self.store.let_in(front, back, &person, paid).await? {
                LetIn::Yes => Ok(SaveOutcome::Saved),
                LetIn::NameTaken => continue,
                LetIn::Banned => Err(NotGiven::NotInTheRoom),
                LetIn::Raced => Ok(SaveOutcome::Conflict),
            });
        }
        Ok(Ok(SaveOutcome::Conflict))
    }

    /// The money went back, and what it bought goes with it. Whoever paid for it and got the money back before it was
    /// given is not given it later.
    async fn returns(&self, asked: &Asked) -> Result<SaveOutcome> {
        let returned = asked.became(Became::Returned);
        let Some(paid) = self.store.paid(asked.room, asked.order).await? else {
            return self.store.note_paid(asked.room, &returned, None).await;
        };
        let was = paid.became;
        let returned = Paid {
            became: Became::Returned,
            ..paid
        };
        let saved = match was {
            Became::Returned => SaveOutcome::Saved,
            Became::NotGiven => {
                self.store
                    .note_paid(asked.room, &returned, Some(was))
                    .await?
            }
            Became::Given => self.takes_back(asked, &returned).await?,
        };
        if saved == SaveOutcome::Conflict {
            return Ok(SaveOutcome::Conflict);
        }
        self.tells(asked, &returned).await
    }

    async fn takes_back(&self, asked: &Asked, paid: &Paid) -> Result<SaveOutcome> {
        let (code, was) = (asked.room, Some(Became::Given));
        let visited = self.store.visit_if_open(code, asked.payer).await?;
        match (paid.goods, visited) {
            (Goods::Pin { .. }, Some(visited)) => match visited.room.unpinned(paid.order) {
                Some(room) => self.store.take_pin(&room, visited.version, paid).await,
                None => self.store.note_paid(code, paid, was).await,
            },
            (Goods::Tip { .. }, Some(_)) => {
                if let Some(seq) = paid.said_as {
                    self.store.delete_message(code, seq).await?;
                }
                self.store.note_paid(code, paid, was).await
            }
            (
                Goods::BackRoom,
                Some(Visited {
                    room:
                        Room {
                            back_room: Some(back),
                            ..
                        },
                    ..
                }),
            ) => self.store.let_out(code, back, paid).await,
            // The room is closed.
            _ => self.store.note_paid(code, paid, was).await,
        }
    }

    /// What is owed in a room that closed goes back, and what is left of it goes. There may be much of it.
    async fn clears(&self, event: Event<RoomClosed>, time_left: Duration) -> Result<()> {
        let until = Instant::now() + time_left.saturating_sub(CLEARING_ENDS);
        let (code, trace) = (event.data.code, event.correlation_id);
        let Some((front, at)) = self.closed(code, event.occurred_at).await? else {
            return Ok(());
        };
        everybody_out(&self.broadcasts, &front, at, trace).await?;
        let back = match front.back_room {
            Some(back) => self.store.left(back).await?.map(|(room, _)| room),
            None => None,
        };
        let pins = front
            .pins
            .iter()
            .chain(back.iter().flat_map(|back| &back.pins));
        let pins = pins.filter(|pin| pin.is_owed(at)).map(|pin| pin.order);
        let paid = self.store.all_paid(code, trace).await?;
        let entrances = paid
            .iter()
            .filter(|paid| paid.is_owed_entrance(at))
            .map(|paid| paid.order);
        let owed = pins
            .chain(entrances)
            .map(|order| refund(order, NotGiven::RoomClosed, at, trace));
        // The process that noted these as owed may have died before it asked for their refund.
        let noted = paid.iter().filter(|paid| paid.became == Became::NotGiven);
        let noted = noted.filter_map(|paid| Some(refund(paid.order, paid.why?, paid.at, trace)));
        let owed: Vec<_> = owed.chain(noted).collect();
        self.bus.publish(&owed).await?;
        for room in back.iter().chain([&front]) {
            if !self.store.clear(room.code, until).await? {
                return self.bus.publish(&[event]).await;
            }
        }
        Ok(())
    }

    /// A room that its host has closed, or wanted to, and since when it is. None when nothing is left of it.
    async fn closed(&self, code: RoomCode, now: Timestamp) -> Result<Option<(Room, Timestamp)>> {
        for _ in 0..RACES {
            let Some((room, version)) = self.store.left(code).await? else {
                return Ok(None);
            };
            if let Some(at) = room.closed_at {
                return Ok(Some((room, at)));
            }
            self.store.close(&room, version, now).await?;
        }
        Err(contended())
    }

    /// Whoever is there sees what is so now; copies say the same.
    async fn tells(&self, asked: &Asked, paid: &Paid) -> Result<SaveOutcome> {
        let (code, now, trace) = (asked.room, self.clock.now(), asked.trace);
        if let (Became::NotGiven, Some(why)) = (paid.became, paid.why) {
            give_back(&self.bus, paid.order, why, paid.at, trace).await?;
            return Ok(SaveOutcome::Saved);
        }
        let Some(visited) = self.store.visit_if_open(code, asked.payer).await? else {
            return Ok(SaveOutcome::Saved);
        };
        match (paid.goods, paid.said_as) {
            (Goods::Pin { .. }, _) => {
                tell_of_pins(&self.broadcasts, &visited.room, visited.version, now, trace).await?;
            }
            (Goods::Tip { .. }, Some(seq)) => {
                if let Some(message) = self.store.message(code, seq).await?.map(Box::new) {
                    let once = format!("tip#{code}#{seq}#{}", message.rev);
                    let news = match paid.became {
                        Became::Returned => News::Changed { message },
                        Became::Given | Became::NotGiven => News::Said {
                            message,
                            is_busy: false,
                        },
                    };
                    tell(&self.broadcasts, code, &once, now, news, trace).await?;
                }
            }
            (Goods::BackRoom, _) => {
                if let (Became::Returned, Some(back)) = (paid.became, visited.room.back_room) {
                    let out = News::ShownOut {
                        user_id: Some(paid.payer),
                        reason: Reason::Kicked,
                        at: now,
                    };
                    tell(
                        &self.broadcasts,
                        back,
                        &format!("repaid#{}", paid.order),
                        now,
                        out,
                        trace,
                    )
                    .await?;
                }
            }
            (Goods::Tip { .. }, None) => {}
        }
        Ok(SaveOutcome::Saved)
    }
}

/// Asks payments, which asks its provider once however often it is asked.
pub(crate) async fn give_back(
    bus: &Bus,
    order: OrderId,
    why: NotGiven,
    at: Timestamp,
    trace: CorrelationId,
) -> Result<()> {
    bus.publish(&[refund(order, why, at, trace)]).await
}

fn refund(
    order: OrderId,
    why: NotGiven,
    at: Timestamp,
    trace: CorrelationId,
) -> Event<RefundRequested> {
    let cause = format!("not_given#{order}");
    let data = RefundRequested {
        order_id: order,
        product: PRODUCT.to_owned(),
        reason: why.reason().to_owned(),
    };
    Event::new(EventId::of_event(&cause), at, PRODUCT, trace, cause, data)
}

pub(crate) async fn tell_of_pins(
    broadcasts: &Queue,
    room: &Room,
    version: u64,
    now: Timestamp,
    trace: CorrelationId,
) -> Result<()> {
    let news = News::Pin {
        pin: room.shown_pin(now).map(Box::new),
    };
    tell(
        broadcasts,
        room.code,
        &format!("pin#{}#{version}", room.code),
        now,
        news,
        trace,
    )
    .await
}

#[cfg(test)]
mod tests {
    use confab_testkit::sample;

    use super::*;

    #[test]
    fn the_sample_of_a_closing_is_of_a_room() {
        let event = sample("rooms", "rooms-paid.closed");
        let job = serde_json::from_str(event["Records"][0]["body"].as_str().unwrap()).unwrap();
        let PaidJob::RoomClosed(event) = job else {
            panic!("{job:?}")
        };
        assert_eq!(
            event.of_known_version().unwrap().data.code.as_str(),
            "k7m2p9q4xw"
        );
    }

    #[test]
    fn the_samples_are_news_of_a_pin() {
        for name in ["received", "refunded"] {
            let event = sample("rooms", &format!("rooms-paid.{name}"));
            let job = serde_json::from_str(event["Records"][0]["body"].as_str().unwrap()).unwrap();
            let purchase = match job {
                PaidJob::PaymentReceived(event) => event.of_known_version().unwrap().data.purchase,
                PaidJob::PaymentRefunded(event) => event.of_known_version().unwrap().data.purchase,
                PaidJob::RoomClosed(event) => panic!("{event:?}"),
            };
            let (room, _, goods) = Goods::of(&purchase).unwrap();
            assert_eq!(room.as_str(), "k7m2p9q4xw");
            assert!(matches!(goods, Goods::Pin { seq: 5, tier } if tier.number() == 500));
        }
    }
}
