//! Packs, offers and payments.

use std::collections::BTreeSet;

use confab_core::{Money, OrderId, Timestamp, after};
use confab_messaging::Body;

use super::{Action, SOURCE_MAX_AGE, Turn};
use crate::{
    Class, Model, Order, OrderStatus, Pack, Source, Stage, Tier,
    cleanup::{IMAGE_TTL, MODEL_TTL},
    replies,
};

impl Turn<'_> {
    /// Returns the user's model while it is young enough to be used for another order.
    pub(super) fn usable_model(&self) -> Option<&Model> {
        let model = self.user.conversation.model.as_ref()?;
        let is_usable = self.now() < after(model.trained_at, SOURCE_MAX_AGE);
        is_usable.then_some(model)
    }

    fn order_class(&self) -> Option<Class> {
        let conversation = &self.user.conversation;
        if conversation.photos.has_enough() {
            return conversation.class.or(conversation.photos.class());
        }
        self.usable_model().map(|model| model.class)
    }

    /// Returns the selfies, when there are enough of them, or else the model.
    fn source(&self) -> Option<Source> {
        let photos = &self.user.conversation.photos;
        if photos.has_enough() {
            return Some(Source::Photos {
                objects: photos.object_keys(),
                traits: photos.traits(),
            });
        }
        self.usable_model()
            .map(|model| Source::Model { tune: model.tune })
    }

    fn sources_expire_at(&self, source: &Source) -> Timestamp {
        let expires_at = match source {
            Source::Photos { .. } => {
                let photos = self.user.conversation.photos.accepted();
                let oldest = photos.map(|photo| photo.received_at).min();
                oldest.map(|received_at| after(received_at, IMAGE_TTL))
            }
            Source::Model { .. } => self
                .usable_model()
                .map(|model| after(model.trained_at, MODEL_TTL)),
        };
        expires_at.unwrap_or(Timestamp::MAX)
    }

    pub(super) fn send_tiers(&mut self) {
        let texts = self.texts();
        if self.source().is_none() {
            return self.request_selfies();
        }
        let Some(class) = self.order_class() else {
            return self.send(replies::ask_class(texts));
        };
        let tiers = self.context.catalog.tiers(class);
        if tiers.is_empty() {
            return self.send(replies::menu(texts, texts.nothing_for_sale));
        }
        if self.user.conversation.order_in_progress().is_none() {
            self.conversation().stage = Stage::Choosing;
        }
        let body = replies::tiers(texts, self.context.catalog, &tiers, class);
        self.send(body);
    }

    pub(super) fn send_packs(&mut self, tier: Tier, page: usize) {
        let texts = self.texts();
        let Some(class) = self.order_class() else {
            return self.send_tiers();
        };
        let packs = self.context.catalog.packs_of(tier, class);
        if packs.is_empty() {
            return self.send_tiers();
        }
        self.send(replies::packs(texts, tier, &packs, page));
    }

    pub(super) fn send_samples(&mut self, pack: i64) {
        let texts = self.texts();
        let class = self.order_class().unwrap_or(Class::Woman);
        let pack = self.context.catalog.pack(pack);
        let sheet = pack.and_then(|pack| Some((pack, pack.sheets.get(&class)?)));
        let Some((pack, sheet)) = sheet else {
            return self.send(replies::menu(texts, texts.no_samples));
        };
        self.send(Body::Image {
            url: replies::object_url(sheet),
            caption: Some(pack.title.clone()),
        });
    }

    /// Offers a pack. While a payment is pending it asks for a confirmation first, so that no user
    /// pays twice by mistake.
    pub(super) fn choose_pack(&mut self, pack_id: i64) {
        let conversation = &self.user.conversation;
        let pack = self.context.catalog.pack(pack_id);
        let offer = pack.and_then(|pack| Some((pack, self.price_of(pack)?)));
        if let (Some(pending), Some((pack, price))) = (conversation.pending_order(), offer)
            && conversation.order_in_progress().is_none()
        {
            let body = replies::confirm_second_order(self.texts(), pending, pack, price);
            return self.send(body);
        }
        self.create_offer(pack_id);
    }

    fn price_of(&self, pack: &Pack) -> Option<Money> {
        self.context.catalog.prices.get(&pack.tier()?).copied()
    }

    /// Creates an order, or finds the open one of the same pack, source and price, and sends its
    /// payment link.
    pub(super) fn create_offer(&mut self, pack: i64) {
        let texts = self.texts();
        if self.user.conversation.order_in_progress().is_some() {
            return self.send_text(texts.in_progress);
        }
        let Some(source) = self.source() else {
            return self.request_selfies();
        };
        let Some(class) = self.order_class() else {
            return self.send(replies::ask_class(texts));
        };
        let Some((pack, tier, price, images)) = self.find_pack(pack, class) else {
            return self.send_tiers();
        };
        let id = match self.open_order(pack, &source, price) {
            Some(id) => id,
            None => self.add_order(pack, tier, class, price, images, source),
        };
        self.conversation().stage = Stage::Paying;
        if let Some(sheet) = pack.sheets.get(&class) {
            self.send(Body::Image {
                url: replies::object_url(sheet),
                caption: Some(texts.samples_caption.replace("{pack}", &pack.title)),
            });
        }
        self.user.last_choices.clear();
        self.actions.push(Action::SendPaymentLink {
            order: id,
            item: tier.item(),
            title: pack.title.clone(),
            text: replies::agreement(texts, &pack.title, images, price),
            label: texts.button_pay.to_owned(),
        });
    }
}

type PackOffer<'a> = (&'a Pack, Tier, Money, u32);

impl<'a> Turn<'a> {
    /// Finds a pack that is for sale to a class, with its tier, price and number of photos.
    fn find_pack(&self, id: i64, class: Class) -> Option<PackOffer<'a>> {
        let pack = self.context.catalog.pack(id)?;
        let images = *pack.images.get(&class)?;
        Some((pack, pack.tier()?, self.price_of(pack)?, images))
    }

    fn open_order(&self, pack: &Pack, source: &Source, price: Money) -> Option<OrderId> {
        let now = self.now();
        let is_same = |order: &&Order| {
            order.can_be_paid(now)
                && order.pack == pack.id
                && order.source == *source
                && order.price == price
        };
        let orders = &self.user.conversation.orders;
        orders.iter().find(is_same).map(|order| order.id)
    }

    fn add_order(
        &mut self,
        pack: &Pack,
        tier: Tier,
        class: Class,
        price: Money,
        images: u32,
        source: Source,
    ) -> OrderId {
        let now = self.now();
        let id = OrderId::new(now, self.context.entropy);
        let mut order = Order {
            id,
            pack: pack.id,
            title: pack.title.clone(),
            tier,
            class,
            price,
            images,
            offered_at: now,
            sources_expire_at: self.sources_expire_at(&source),
            source,
            status: OrderStatus::Offered,
            next_check_at: now,
            is_checkout_closed: false,
            checks: 0,
            delivered: BTreeSet::new(),
            stars: None,
        };
        order.set_status(OrderStatus::Offered, now, None);
        self.conversation().add_offer(order);
        id
    }
}

impl Turn<'_> {
    pub(super) fn reuse_model(&mut self) {
        if self.usable_model().is_none() {
            return self.request_selfies();
        }
        self.conversation().photos.0.clear();
        self.send_tiers();
    }

    /// Marks an offer as pending. A failure or the money itself may have arrived first, and then
    /// wins.
    pub(super) fn payment_pending(&mut self, id: OrderId) {
        let (now, texts) = (self.now(), self.texts());
        let Some(order) = self.conversation().order_mut(id) else {
            return;
        };
        if order.status != OrderStatus::Offered || order.is_checkout_closed {
            return;
        }
        order.set_status(OrderStatus::PaymentPending, now, None);
        let text = texts.payment_pending.replace("{pack}", &order.title);
        if self.user.conversation.stage == Stage::Paying {
            self.conversation().stage = Stage::PaymentPending;
        }
        self.send_text(text);
    }

    /// Starts a paid order. Refunds one that was forgotten, or whose sources expire before its
    /// photos could be made.
    pub(super) fn payment_received(&mut self, id: OrderId) {
        let (now, texts) = (self.now(), self.texts());
        let in_progress = self.user.conversation.order_in_progress();
        let has_other_order = in_progress.is_some_and(|order| order.id != id);
        let Some(order) = self.conversation().order_mut(id) else {
            self.actions.push(Action::Refund { order: id });
            return self.send_text(texts.payment_for_unknown_order);
        };
        if !order.is_unpaid() {
            return;
        }
        order.set_status(OrderStatus::Requested { paid_at: now }, now, None);
        let order = order.clone();
        if order.sources_expire_too_soon(now) {
            return self.refund_order(id);
        }
        if !self.waits_for_model(&order) {
            self.actions.push(Action::StartGeneration { order });
        }
        self.conversation().stage = Stage::Training;
        self.conversation().resent_images.clear();
        if has_other_order {
            self.send_text(texts.second_payment_received);
        } else {
            self.send_text(texts.payment_received);
        }
    }

    /// Whether an earlier order uses the same model: orders of one model run one by one, to tell
    /// their photos apart.
    pub(super) fn waits_for_model(&self, order: &Order) -> bool {
        if !matches!(order.source, Source::Model { .. }) {
            return false;
        }
        self.user.conversation.orders.iter().any(|other| {
            let is_earlier = (other.paid_at(), other.id) < (order.paid_at(), order.id);
            other.is_in_progress()
                && other.id != order.id
                && other.source == order.source
                && is_earlier
        })
    }

    /// Makes requested orders due now: one of them may have waited for the order that just ended.
    pub(super) fn wake_waiting_orders(&mut self) {
        let now = self.now();
        for order in &mut self.conversation().orders {
            if matches!(order.status, OrderStatus::Requested { .. }) {
                order.next_check_at = order.next_check_at.min(now);
            }
        }
    }

    /// Closes the checkout of an unpaid order. Money that arrives for it later is accepted.
    pub(super) fn payment_failed(&mut self, id: OrderId) {
        let (now, texts) = (self.now(), self.texts());
        let Some(order) = self
            .conversation()
            .order_mut(id)
            .filter(|order| order.is_unpaid())
        else {
            return;
        };
        order.is_checkout_closed = true;
        if order.status == OrderStatus::PaymentPending {
            order.set_status(OrderStatus::Offered, now, None);
            return self.pending_payment_failed(id);
        }
        let pack = order.pack;
        if !self.is_current_offer(id) {
            return;
        }
        self.reset_stage();
        if self.is_window_open() && !self.user.conversation.is_reminded {
            self.send(replies::payment_failed(texts, pack));
        }
    }

    /// Whether the user is still at the payment of this order, and has not chosen another pack
    /// since.
    fn is_current_offer(&self, id: OrderId) -> bool {
        let conversation = &self.user.conversation;
        let mut offers = conversation
            .orders
            .iter()
            .filter(|order| order.status == OrderStatus::Offered);
        let is_latest = offers.next_back().is_some_and(|order| order.id == id);
        conversation.stage == Stage::Paying && is_latest
    }

    /// Announces the failure at any stage, because the pending payment was announced, too.
    fn pending_payment_failed(&mut self, id: OrderId) {
        if self.user.conversation.stage == Stage::PaymentPending {
            self.reset_stage();
        }
        if let Some(order) = self.user.conversation.order(id) {
            self.send(replies::pending_payment_failed(self.texts(), order));
        }
    }

    /// Ends a refunded order. A partial refund changes nothing.
    pub(super) fn payment_refunded(&mut self, id: OrderId, is_full: bool) {
        let (now, texts) = (self.now(), self.texts());
        let Some(order) = self.conversation().order_mut(id) else {
            return;
        };
        if !is_full || order.status == OrderStatus::Refunded {
            return;
        }
        let was_delivered = order.status == OrderStatus::Delivered;
        order.set_status(OrderStatus::Refunded, now, None);
        if !was_delivered {
            self.reset_stage();
            self.wake_waiting_orders();
        }
        self.send_text(texts.refunded);
    }
}
