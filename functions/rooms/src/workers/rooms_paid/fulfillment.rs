//! Fulfills one order, or takes it back.

use confab_aws::Bus;
use confab_contracts::payments::PriceList;
use confab_core::{Clock, Entropy, Error, Result};
use confab_lambda::OsEntropy;
use confab_worker::{Consistency, SaveOutcome};
use rooms_domain::{
    Draft, Goods, Membership, PaidPin, Person, RefundReason, RemovalReason, RoomUpdate, Tier,
    suggest_usernames,
};

use super::PaidOrder;
use crate::{
    services::{broadcasts::Broadcasts, refunds::request_refund},
    state::State,
    store::{AdmitOutcome, FulfillmentStatus, PostOutcome, PurchaseRecord, RoomForUser, Store},
};

/// What became of an attempt to fulfill an order.
enum Fulfillment {
    Done(SaveOutcome),
    /// The order cannot be fulfilled.
    RefundDue(RefundReason),
}

pub(super) struct PurchaseFulfiller<'a> {
    store: &'a Store,
    broadcasts: &'a Broadcasts,
    bus: &'a Bus,
    prices: &'a PriceList,
    clock: &'a dyn Clock,
    entropy: OsEntropy,
    order: &'a PaidOrder,
}

impl<'a> PurchaseFulfiller<'a> {
    pub(super) fn new(state: &'a State, order: &'a PaidOrder) -> Result<Self> {
        Ok(Self {
            store: state.store()?,
            broadcasts: state.broadcasts()?,
            bus: state.bus()?,
            prices: state.prices()?,
            clock: &*state.clock,
            entropy: state.entropy,
            order,
        })
    }

    /// Fulfills a paid order, or marks its refund as due. Announces the result also for an order that was settled
    /// before, because that worker may have crashed before it did.
    pub(super) async fn fulfill(&self) -> Result<SaveOutcome> {
        let (room, order) = (self.order.room, self.order.order);
        if let Some(purchase) = self.store.find_purchase(room, order).await? {
            return self.announce(&purchase).await;
        }
        // Boxed: the compiler's limit of nested futures.
        let saved = match Box::pin(self.fulfill_goods()).await? {
            Fulfillment::Done(saved) => saved,
            Fulfillment::RefundDue(reason) => {
                let purchase = PurchaseRecord {
                    refund_reason: Some(reason),
                    ..self.order.with_status(FulfillmentStatus::RefundDue)
                };
                self.store.save_purchase(room, &purchase, None).await?
            }
        };
        if saved == SaveOutcome::Conflict {
            return Ok(SaveOutcome::Conflict);
        }
        let Some(purchase) = self.store.find_purchase(room, order).await? else {
            return Err(Error::unavailable("not_noted", order.to_string()));
        };
        self.announce(&purchase).await
    }

    async fn fulfill_goods(&self) -> Result<Fulfillment> {
        let order = self.order;
        let Some(loaded) = self.store.find_room_for(order.room, order.payer).await? else {
            return Ok(Fulfillment::RefundDue(RefundReason::RoomClosed));
        };
        let Some(person) = loaded.person.clone() else {
            return Ok(Fulfillment::RefundDue(RefundReason::NotAMember));
        };
        if !may_have(order.goods, &loaded, &person) {
            return Ok(Fulfillment::RefundDue(RefundReason::NotAMember));
        }
        let purchase = PurchaseRecord {
            username: Some(person.username.clone()),
            ..order.with_status(FulfillmentStatus::Fulfilled)
        };
        match order.goods {
            Goods::Pin { seq, tier } => self.add_pin(&loaded, &purchase, seq, tier).await,
            Goods::Tip { .. } => self.post_tip(&loaded, &purchase).await,
            Goods::BackRoom => self.admit(&loaded, &person, &purchase).await,
        }
    }

    async fn add_pin(
        &self,
        loaded: &RoomForUser,
        purchase: &PurchaseRecord,
        seq: u64,
        tier: Tier,
    ) -> Result<Fulfillment> {
        let message = self.store.find_message(loaded.room.code, seq).await?;
        let Some(message) = message.filter(|message| !message.is_deleted) else {
            return Ok(Fulfillment::RefundDue(RefundReason::MessageDeleted));
        };
        let next_price = tier
            .next()
            .and_then(|tier| self.prices.find(&tier.item()))
            .map(|item| item.price);
        let pin = PaidPin::new(
            (purchase.order, purchase.payer),
            tier,
            &message,
            (purchase.price, next_price),
            purchase.at,
        );
        let room = match loaded.room.clone().with_pin(pin, purchase.at) {
            Ok(room) => room,
            Err(reason) => return Ok(Fulfillment::RefundDue(reason)),
        };
        let saved = self.store.add_pin(&room, loaded.version, purchase, seq);
        saved.await.map(Fulfillment::Done)
    }

    async fn post_tip(
        &self,
        loaded: &RoomForUser,
        purchase: &PurchaseRecord,
    ) -> Result<Fulfillment> {
        let draft = Draft::tip(purchase.order, purchase.price)?;
        let correlation_id = self.order.correlation_id;
        let latest = self
            .store
            .latest_messages(
                loaded.room.code,
                loaded.reserved_seq,
                Consistency::Strong,
                correlation_id,
            )
            .await?;
        let outcome = self
            .store
            .append_message(loaded, &draft, None, latest, Some(purchase), correlation_id)
            .await?;
        Ok(Fulfillment::Done(match outcome {
            PostOutcome::Created { .. } => SaveOutcome::Saved,
            // Another worker has recorded the purchase.
            PostOutcome::Duplicate(_)
            | PostOutcome::AlreadyFulfilled
            | PostOutcome::RateLimited => SaveOutcome::Conflict,
        }))
    }

    /// Admits the payer to the back room, under their name if it is free there.
    async fn admit(
        &self,
        loaded: &RoomForUser,
        person: &Person,
        purchase: &PurchaseRecord,
    ) -> Result<Fulfillment> {
        let front = loaded.room.code;
        let Some(back) = loaded.room.back_room else {
            return Ok(Fulfillment::RefundDue(RefundReason::NoBackRoom));
        };
        if person.back_room_order.is_some() {
            return Ok(Fulfillment::RefundDue(RefundReason::AlreadyAdmitted));
        }
        let mut names = vec![person.username.clone()];
        names.extend(suggest_usernames(self.entropy.bytes()));
        for username in names {
            let person = Person {
                back_room_order: Some(purchase.order),
                ..Person::new(purchase.payer, username, purchase.at)
            };
            let outcome = self
                .store
                .admit_to_back_room(front, back, &person, purchase)
                .await?;
            return Ok(match outcome {
                AdmitOutcome::Admitted => Fulfillment::Done(SaveOutcome::Saved),
                AdmitOutcome::NameTaken => continue,
                AdmitOutcome::Banned => Fulfillment::RefundDue(RefundReason::NotAMember),
                AdmitOutcome::Conflict => Fulfillment::Done(SaveOutcome::Conflict),
            });
        }
        Ok(Fulfillment::Done(SaveOutcome::Conflict))
    }

    /// Takes back what a refunded order bought. An order that is refunded before it is fulfilled is never fulfilled.
    pub(super) async fn take_back(&self) -> Result<SaveOutcome> {
        let (room, order) = (self.order.room, self.order.order);
        let Some(purchase) = self.store.find_purchase(room, order).await? else {
            let refunded = self.order.with_status(FulfillmentStatus::Refunded);
            return self.store.save_purchase(room, &refunded, None).await;
        };
        let previous = purchase.status;
        let refunded = PurchaseRecord {
            status: FulfillmentStatus::Refunded,
            ..purchase
        };
        let saved = match previous {
            FulfillmentStatus::Refunded => SaveOutcome::Saved,
            FulfillmentStatus::RefundDue => {
                self.store
                    .save_purchase(room, &refunded, Some(previous))
                    .await?
            }
            FulfillmentStatus::Fulfilled => self.take_back_goods(&refunded).await?,
        };
        if saved == SaveOutcome::Conflict {
            return Ok(SaveOutcome::Conflict);
        }
        self.announce(&refunded).await
    }

    async fn take_back_goods(&self, refunded: &PurchaseRecord) -> Result<SaveOutcome> {
        let (code, store) = (self.order.room, self.store);
        if let Some(loaded) = store.find_room_for(code, self.order.payer).await? {
            match refunded.goods {
                Goods::Pin { .. } => {
                    if let Some(room) = loaded.room.without_pin_of(refunded.order) {
                        let version = loaded.version;
                        return store.remove_refunded_pin(&room, version, refunded).await;
                    }
                }
                Goods::Tip { .. } => {
                    if let Some(seq) = refunded.tip_seq {
                        store.delete_message(code, seq).await?;
                    }
                }
                Goods::BackRoom => {
                    if let Some(back) = loaded.room.back_room {
                        return store.evict_from_back_room(code, back, refunded).await;
                    }
                }
            }
        }
        let expected = Some(FulfillmentStatus::Fulfilled);
        store.save_purchase(code, refunded, expected).await
    }

    /// Publishes the current result of an order; copies publish the same.
    async fn announce(&self, purchase: &PurchaseRecord) -> Result<SaveOutcome> {
        let (order, correlation_id) = (self.order, self.order.correlation_id);
        if let (FulfillmentStatus::RefundDue, Some(reason)) =
            (purchase.status, purchase.refund_reason)
        {
            request_refund(
                self.bus,
                purchase.order,
                reason,
                purchase.at,
                correlation_id,
            )
            .await?;
            return Ok(SaveOutcome::Saved);
        }
        let loaded = self.store.find_room_for(order.room, order.payer).await?;
        let Some(loaded) = loaded else {
            return Ok(SaveOutcome::Saved);
        };
        match purchase.goods {
            Goods::Pin { .. } => {
                let (room, version) = (&loaded.room, loaded.version);
                self.broadcasts
                    .publish_pin(room, version, self.clock.now(), correlation_id)
                    .await?;
            }
            Goods::Tip { .. } => self.announce_tip(purchase).await?,
            Goods::BackRoom => self.announce_eviction(&loaded, purchase).await?,
        }
        Ok(SaveOutcome::Saved)
    }

    async fn announce_tip(&self, purchase: &PurchaseRecord) -> Result<()> {
        let (code, correlation_id) = (self.order.room, self.order.correlation_id);
        let Some(seq) = purchase.tip_seq else {
            return Ok(());
        };
        let Some(message) = self.store.find_message(code, seq).await? else {
            return Ok(());
        };
        let message = Box::new(message);
        let key = format!("tip#{code}#{seq}#{}", message.rev);
        let update = match purchase.status {
            FulfillmentStatus::Refunded => RoomUpdate::MessageChanged { message },
            FulfillmentStatus::Fulfilled | FulfillmentStatus::RefundDue => {
                RoomUpdate::MessagePosted {
                    message,
                    is_busy: false,
                }
            }
        };
        self.broadcasts
            .publish(code, &key, self.clock.now(), update, correlation_id)
            .await
    }

    async fn announce_eviction(
        &self,
        loaded: &RoomForUser,
        purchase: &PurchaseRecord,
    ) -> Result<()> {
        let (FulfillmentStatus::Refunded, Some(back)) = (purchase.status, loaded.room.back_room)
        else {
            return Ok(());
        };
        let at = self.clock.now();
        let removed = RoomUpdate::Removed {
            user_id: Some(purchase.payer),
            reason: RemovalReason::Kicked,
            at,
        };
        let key = format!("repaid#{}", purchase.order);
        self.broadcasts
            .publish(back, &key, at, removed, self.order.correlation_id)
            .await
    }
}

/// Whether a person may have the goods: pins need the right to post, an entrance membership, tips only no ban.
fn may_have(goods: Goods, loaded: &RoomForUser, person: &Person) -> bool {
    if person.membership == Membership::Banned {
        return false;
    }
    match goods {
        Goods::Pin { .. } => loaded
            .room
            .authorize_write(loaded.access, Some(person))
            .is_ok(),
        Goods::BackRoom => person.is_member(),
        Goods::Tip { .. } => true,
    }
}
