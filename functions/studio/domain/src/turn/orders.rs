//! Packs, offers and money.

use confab_core::{Money, OrderId, Timestamp, after};
use confab_messaging::Body;

use super::{Action, Attending, USED_FOR};
use crate::{
    Class, MODELS_KEPT, Model, Order, Pack, Source, Stage, Step, Tier, cleanup::PICTURES_KEPT,
    replies,
};

impl Attending<'_> {
    /// What was learned of the person, while its maker still knows it.
    pub(super) fn model(&self) -> Option<&Model> {
        self.user
            .visit
            .model
            .as_ref()
            .filter(|model| self.now() < after(model.trained_at, USED_FOR))
    }

    pub(super) fn class_of_order(&self) -> Option<Class> {
        let visit = &self.user.visit;
        match visit.photos.are_enough() {
            true => visit.class.or(visit.photos.class()),
            false => self.model().map(|model| model.class),
        }
    }

    /// What photos would be made from, if there is enough of it.
    pub(super) fn source(&self) -> Option<Source> {
        let visit = &self.user.visit;
        if visit.photos.are_enough() {
            return Some(Source::Photos {
                objects: visit.photos.objects(),
                traits: visit.photos.traits(),
            });
        }
        self.model().map(|model| Source::Model { tune: model.tune })
    }

    fn sources_until(&self, from: &Source) -> Timestamp {
        match from {
            Source::Photos { .. } => {
                let first = self
                    .user
                    .visit
                    .photos
                    .good()
                    .map(|photo| photo.came_at)
                    .min();
                first.map_or(Timestamp::MAX, |came_at| after(came_at, PICTURES_KEPT))
            }
            Source::Model { .. } => self
                .model()
                .map_or(Timestamp::MAX, |model| after(model.trained_at, MODELS_KEPT)),
        }
    }

    pub(super) fn shows_tiers(&mut self) {
        let texts = self.texts();
        if self.source().is_none() {
            return self.asks_for_photos();
        }
        let Some(class) = self.class_of_order() else {
            return self.say(replies::ask_class(texts));
        };
        let tiers = self.around.shelf.tiers(class);
        if tiers.is_empty() {
            return self.say(replies::menu(texts, texts.nothing_for_sale));
        }
        if self.user.visit.in_work().is_none() {
            self.visit().stage = Stage::Choosing;
        }
        let body = replies::tiers(texts, self.around.shelf, &tiers, class);
        self.say(body);
    }

    pub(super) fn shows_packs(&mut self, tier: Tier, page: usize) {
        let texts = self.texts();
        let Some(class) = self.class_of_order() else {
            return self.shows_tiers();
        };
        let packs = self.around.shelf.of(tier, class);
        match packs.is_empty() {
            true => self.shows_tiers(),
            false => self.say(replies::packs(texts, tier, &packs, page)),
        }
    }

    pub(super) fn shows_sheet(&mut self, pack: i64) {
        let texts = self.texts();
        let class = self.class_of_order().unwrap_or(Class::Woman);
        let sheet = self
            .around
            .shelf
            .pack(pack)
            .and_then(|pack| pack.sheets.get(&class).map(|sheet| (pack, sheet)));
        match sheet {
            Some((pack, sheet)) => {
                let caption = Some(pack.title.clone());
                self.say(Body::Image {
                    url: replies::of_object(sheet),
                    caption,
                });
            }
            None => self.say(replies::menu(texts, texts.no_sheet)),
        }
    }

    /// Asks first when a payment is on its way: who forgot it would pay twice.
    pub(super) fn offers(&mut self, pack: i64) {
        let found = self
            .around
            .shelf
            .pack(pack)
            .and_then(|pack| Some((pack, self.price_of(pack)?)));
        match (self.user.visit.pending(), found) {
            (Some(pending), Some((pack, price))) if self.user.visit.in_work().is_none() => {
                self.say(replies::ask_another_order(
                    self.texts(),
                    &pending.clone(),
                    pack,
                    price,
                ));
            }
            _ => self.makes_offer(pack),
        }
    }

    fn price_of(&self, pack: &Pack) -> Option<Money> {
        self.around.shelf.prices.get(&pack.tier()?).copied()
    }

    pub(super) fn makes_offer(&mut self, pack: i64) {
        let texts = self.texts();
        if self.user.visit.in_work().is_some() {
            return self.say_text(texts.in_work);
        }
        let Some(source) = self.source() else {
            return self.asks_for_photos();
        };
        let Some(class) = self.class_of_order() else {
            return self.say(replies::ask_class(texts));
        };
        let shelf = self.around.shelf;
        let found = shelf.pack(pack).and_then(|pack| {
            let tier = pack.tier()?;
            Some((pack, tier, self.price_of(pack)?, *pack.images.get(&class)?))
        });
        let Some((pack, tier, price, images)) = found else {
            return self.shows_tiers();
        };
        let now = self.now();
        // The same thing again is the same order: whoever taps twice is offered one.
        let is_same = |order: &&Order| {
            order.is_open(now)
                && order.pack == pack.id
                && order.from == source
                && order.price == price
        };
        let id = match self.user.visit.orders.iter().find(is_same) {
            Some(order) => order.id,
            None => {
                let id = OrderId::new(now, self.around.entropy);
                let mut order = Order {
                    id,
                    pack: pack.id,
                    title: pack.title.clone(),
                    tier,
                    class,
                    price,
                    images,
                    offered_at: now,
                    sources_until: self.sources_until(&source),
                    from: source,
                    step: Step::Offered,
                    due: now,
                    is_closed: false,
                    looks: 0,
                    delivered: std::collections::BTreeSet::new(),
                    stars: None,
                };
                order.goes_to(Step::Offered, now, None);
                self.visit().offer(order);
                id
            }
        };
        self.visit().stage = Stage::Paying;
        if let Some(sheet) = pack.sheets.get(&class) {
            self.say(Body::Image {
                url: replies::of_object(sheet),
                caption: Some(texts.sheet.replace("{pack}", &pack.title)),
            });
        }
        let text = replies::agreement(texts, &pack.title, images, price);
        let (item, title, label) = (tier.item(), pack.title.clone(), texts.button_pay.to_owned());
        self.user.offered.clear();
        self.actions.push(Action::AskToPay {
            order: id,
            item,
            title,
            text,
            label,
        });
    }

    pub(super) fn uses_model(&mut self) {
        if self.model().is_none() {
            return self.asks_for_photos();
        }
        self.visit().photos.0.clear();
        self.shows_tiers();
    }

    /// News of a payment that failed or came meanwhile may be faster than this.
    pub(super) fn payment_pending(&mut self, id: OrderId) {
        let (now, texts) = (self.now(), self.texts());
        let is_news = |order: &&mut Order| order.step == Step::Offered && !order.is_closed;
        let Some(order) = self.visit().order_mut(id).filter(is_news) else {
            return;
        };
        order.goes_to(Step::PaymentPending, now, None);
        let text = texts.payment_pending.replace("{pack}", &order.title);
        if self.user.visit.stage == Stage::Paying {
            self.visit().stage = Stage::PaymentPending;
        }
        self.say_text(text);
    }

    pub(super) fn paid(&mut self, id: OrderId) {
        let now = self.now();
        let texts = self.texts();
        let other_in_work = self
            .user
            .visit
            .in_work()
            .is_some_and(|order| order.id != id);
        let Some(order) = self.visit().order_mut(id) else {
            // Forgotten, or never offered: nothing can be made of it.
            self.actions.push(Action::Refund { order: id });
            return self.say_text(texts.paid_for_nothing);
        };
        if !order.is_unpaid() {
            return;
        }
        order.goes_to(Step::Asked { paid_at: now }, now, None);
        let order = order.clone();
        if order.outlasts_its_sources(now) {
            return self.gives_up(id);
        }
        if !self.waits(&order) {
            self.actions.push(Action::Make { order });
        }
        self.visit().stage = Stage::Training;
        self.visit().sent_again.clear();
        let text = if other_in_work {
            texts.paid_beside
        } else {
            texts.paid
        };
        self.say_text(text);
    }

    /// A model that is used for one order is not used for another at the same time: nobody could tell their photos apart.
    pub(super) fn waits(&self, order: &Order) -> bool {
        let is_before = |other: &Order| (other.paid_at(), other.id) < (order.paid_at(), order.id);
        let mut others = self
            .user
            .visit
            .orders
            .iter()
            .filter(|other| other.is_in_work() && other.id != order.id);
        matches!(order.from, Source::Model { .. })
            && others.any(|other| other.from == order.from && is_before(other))
    }

    /// What waited for an order goes on when that is over.
    pub(super) fn wakes_others(&mut self) {
        let now = self.now();
        for order in self
            .visit()
            .orders
            .iter_mut()
            .filter(|order| matches!(order.step, Step::Asked { .. }))
        {
            order.due = order.due.min(now);
        }
    }

    pub(super) fn not_paid(&mut self, id: OrderId) {
        let texts = self.texts();
        let now = self.now();
        let Some(order) = self.visit().order_mut(id).filter(|order| order.is_unpaid()) else {
            return;
        };
        // Money for it may come all the same, and late money is money.
        order.is_closed = true;
        if order.step == Step::PaymentPending {
            order.goes_to(Step::Offered, now, None);
            return self.payment_failed_after_all(id);
        }
        let pack = order.pack;
        let visit = &self.user.visit;
        let latest = visit
            .orders
            .iter()
            .rev()
            .find(|order| order.step == Step::Offered);
        let is_current = visit.stage == Stage::Paying && latest.is_some_and(|order| order.id == id);
        // Whoever has gone on to something else, or was reminded, need not hear of it.
        if !is_current {
            return;
        }
        self.rests();
        if self.may_speak() && !self.user.visit.is_reminded {
            self.say(replies::pay_again(texts, pack));
        }
    }

    /// The person believes to have paid: they hear of it wherever they are by now.
    fn payment_failed_after_all(&mut self, id: OrderId) {
        if self.user.visit.stage == Stage::PaymentPending {
            self.rests();
        }
        if let Some(order) = self.user.visit.order(id) {
            self.say(replies::pay_again_later(self.texts(), order));
        }
    }

    pub(super) fn repaid(&mut self, id: OrderId, is_all: bool) {
        let (now, texts) = (self.now(), self.texts());
        let Some(order) = self.visit().order_mut(id) else {
            return;
        };
        if !is_all || order.step == Step::Returned {
            return;
        }
        let was_done = order.step == Step::Done;
        order.goes_to(Step::Returned, now, None);
        if !was_done {
            self.rests();
            self.wakes_others();
        }
        self.say_text(texts.repaid);
    }
}
