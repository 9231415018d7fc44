//! What the studio does when something happens to a person: they write, a photo was looked at, money came, photos are
//! there, or time has passed. One pure step, whatever comes twice, late or in another order.

use std::{collections::BTreeMap, time::Duration};

use confab_kernel::{
    Entropy, OrderId, PhotoId, Timestamp, UserId, clip,
    messaging::{Body, Channel, Content, Inbound, Media},
    worker::Decision,
};
use serde::{Deserialize, Serialize};

use crate::{
    Asked, Class, Fault, Kept, Language, Model, Order, Photo, Photos, Shelf, Source, Stage, Step, Texts, Tier, User,
    Verdict, Visit,
    order::{after, before},
    photo::ENOUGH,
    say, texts,
    wish::{Wish, wish},
};

/// Providers take free words for a day after the person's last message; a little less, because clocks differ.
const WINDOW: Duration = Duration::from_secs(24 * 3600 - 300);
/// A person who stopped in the middle hears of us once, while we may still speak.
const REMINDED_AFTER: Duration = Duration::from_secs(20 * 3600);
/// Makers forget a model, and the bucket a selfie, after a month: what is offered now may be paid days later, and is made then.
const USED_FOR: Duration = Duration::from_secs(25 * 24 * 3600);
/// Faces are kept for a month, and what leads to them no longer.
const FACES_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// Texts that are held back for somebody who does not write any more. Photos are never dropped.
const MOST_UNSAID: usize = 40;
/// So much of what was held back is said at once.
const CAUGHT_UP_AT_ONCE: usize = 40;
/// A photo that was not looked at by then does not hold up the answer for the others.
const LOOKED_AT_WITHIN: Duration = Duration::from_secs(15 * 60);
/// A name longer than this is not what anybody calls a person.
const NAME: usize = 40;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    Said {
        message: Inbound,
    },
    Judged {
        photo: PhotoId,
        verdict: Verdict,
    },
    Paid {
        order: OrderId,
    },
    /// Money went back; all of it, or a part.
    Repaid {
        order: OrderId,
        is_all: bool,
    },
    NotPaid {
        order: OrderId,
    },
    /// The photos are being made.
    Begun {
        order: OrderId,
        tune: i64,
        eta: Option<Timestamp>,
    },
    /// They cannot be made, now or later.
    Refused {
        order: OrderId,
    },
    /// Some of the photos are there, or all.
    Made {
        order: OrderId,
        images: Vec<Image>,
        is_all: bool,
    },
    /// A photo was taken by the provider and did not reach the person.
    NotShown {
        object: String,
        /// Because they have not written for a day.
        is_too_late: bool,
    },
    /// A moment has come that somebody waited for.
    Due,
}

/// A photo that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// What its maker calls it, the same in every copy of the news.
    pub name: String,
    pub object: String,
}

/// What is to be done in the world. Saved with the decision, and done once it is saved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    Say {
        body: Body,
    },
    /// A text with a link to pay the order.
    AskToPay {
        order: OrderId,
        item: String,
        title: String,
        text: String,
        label: String,
    },
    /// Fetches a photo, keeps it, and has it looked at.
    Judge {
        photo: PhotoId,
        media: Media,
        name: Class,
    },
    /// Has the photos made. Asked again, it finds what was begun.
    Make {
        order: Order,
    },
    /// Asks how far the making is.
    LookAfter {
        order: OrderId,
        tune: i64,
    },
    Refund {
        order: OrderId,
    },
    /// The photos were delivered: the credit that was bought for them is used.
    UseCredit {
        order: OrderId,
    },
    Rate {
        order: OrderId,
        stars: u8,
    },
    Note {
        order: OrderId,
        words: String,
    },
    /// Somebody of the studio is to read it.
    HandOn {
        words: String,
    },
    /// Forgets the person, and all that they sent and got.
    Erase {
        orders: Vec<OrderId>,
    },
}

/// What comes from outside of the rules.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    pub now: Timestamp,
    pub entropy: &'a dyn Entropy,
    pub shelf: &'a Shelf,
}

impl std::fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Surroundings({})", self.now)
    }
}

struct Attending<'a> {
    user: User,
    around: Surroundings<'a>,
    actions: Vec<Action>,
}

/// `known` is the person as we knew them. None without a message: nobody is there whom it could be about.
pub fn attend(known: Option<User>, around: Surroundings<'_>, event: &Event) -> Option<Decision<User, Action>> {
    let is_new = known.is_none();
    let user = match (known, event) {
        (Some(user), _) => user,
        (None, Event::Said { .. }) => User::new(UserId::new(around.now, around.entropy), around.now),
        (None, _) => return None,
    };
    let mut attending = Attending { user, around, actions: Vec::new() };
    match event {
        Event::Said { message } => attending.said(message, is_new),
        Event::Judged { photo, verdict } => attending.judged(*photo, verdict.clone()),
        Event::Paid { order } => attending.paid(*order),
        Event::Repaid { order, is_all } => attending.repaid(*order, *is_all),
        Event::NotPaid { order } => attending.not_paid(*order),
        Event::Begun { order, tune, eta } => attending.begun(*order, *tune, *eta),
        Event::Refused { order } => attending.ends(*order),
        Event::Made { order, images, is_all } => attending.made(*order, images, *is_all),
        Event::NotShown { object, is_too_late } => attending.not_shown(object, *is_too_late),
        Event::Due => attending.time_passed(),
    }
    attending.user.due = attending.next_look();
    Some(Decision { state: attending.user, effects: attending.actions })
}

impl Attending<'_> {
    fn now(&self) -> Timestamp {
        self.around.now
    }

    fn visit(&mut self) -> &mut Visit {
        &mut self.user.visit
    }

    fn texts(&self) -> &'static Texts {
        texts(self.user.language)
    }

    // What is said.

    fn may_speak(&self) -> bool {
        self.now() < after(self.user.last_message_at, WINDOW)
    }

    /// Says it, or keeps it until the person writes again.
    fn say(&mut self, body: Body) {
        if !self.may_speak() {
            return self.holds_back(body);
        }
        // A number or a title answers what was said last, and nothing that was said before.
        if !matches!(body, Body::Reaction { .. }) {
            self.user.offered = body.choices();
        }
        self.actions.push(Action::Say { body });
    }

    /// The first thing that is kept is announced by a template.
    fn holds_back(&mut self, body: Body) {
        let is_photo = |body: &Body| matches!(body, Body::Image { .. });
        if self.user.visit.unsaid.is_empty() {
            self.actions.push(Action::Say { body: say::news(self.user.language, self.user.first_name()) });
        }
        let texts = self.user.visit.unsaid.iter().filter(|body| !is_photo(body)).count();
        if is_photo(&body) || texts < MOST_UNSAID {
            self.visit().unsaid.push(body);
        }
    }

    /// Says what was held back, some of it at a time. Photos that are gone by now are not spoken of.
    fn catches_up(&mut self) {
        if !self.may_speak() {
            return;
        }
        let now = self.now();
        let is_gone = |body: &Body| match body {
            Body::Image { url, .. } => {
                say::object_of(url).and_then(Kept::of).is_some_and(|kept| now >= after(kept.since, FACES_KEPT))
            }
            _ => false,
        };
        let unsaid = &mut self.visit().unsaid;
        unsaid.retain(|body| !is_gone(body));
        let count = unsaid.len().min(CAUGHT_UP_AT_ONCE);
        for body in unsaid.drain(..count).collect::<Vec<_>>() {
            self.say(body);
        }
    }

    fn say_text(&mut self, text: impl Into<String>) {
        self.say(Body::Text { text: text.into() });
    }

    // What people write.

    fn said(&mut self, message: &Inbound, is_new: bool) {
        self.forgets_faces();
        // What was delivered late opens no window.
        let wrote_at = message.sent_at.min(self.now());
        self.user.last_message_at = if is_new { wrote_at } else { self.user.last_message_at.max(wrote_at) };
        self.user.address = Some(message.from.clone());
        self.visit().is_reminded = false;
        if let Some(name) = &message.name {
            self.user.name = Some(clip(name.as_str().trim(), NAME).into());
        }
        if let (true, Content::Text { text }) = (is_new, &message.content) {
            self.user.language = Language::of(text.as_str()).unwrap_or_default();
        }
        let wish = wish(&self.user, &message.content);
        self.catches_up();
        match (wish, self.user.visit.asked) {
            // Whatever the first words were, they are met with a greeting.
            (wish, _) if is_new && wish.is_small_talk() => self.greet(),
            (Wish::Words(words), Some(asked)) => self.takes_words(asked, words),
            (wish, _) => {
                if wish.is_another_matter() {
                    self.visit().asked = None;
                }
                self.grants(wish, message);
            }
        }
    }

    fn grants(&mut self, wish: Wish, message: &Inbound) {
        let texts = self.texts();
        match wish {
            Wish::Nothing => {}
            Wish::Greeting => self.greet(),
            Wish::Help => self.say_text(texts.how_it_works),
            Wish::ChooseLanguage => self.say(say::languages(texts)),
            Wish::Speak(language) => {
                self.user.language = language;
                let texts = self.texts();
                self.say(say::menu(texts, texts.language_changed));
            }
            Wish::Photos(items) => self.takes_photos(items, message),
            Wish::Begin => self.asks_for_photos(),
            Wish::Anew => {
                self.visit().begins_anew();
                self.say_text(self.texts().send_photos.replace("{enough}", &ENOUGH.to_string()));
            }
            Wish::More => self.say_text(texts.send_more),
            Wish::Examples => self.say(say::menu(texts, texts.examples)),
            Wish::Tiers => self.shows_tiers(),
            Wish::Packs(tier, page) => self.shows_packs(tier, page),
            Wish::Sheet(pack) => self.shows_sheet(pack),
            Wish::Pack(pack) => self.offers(pack),
            Wish::Class(class) => {
                self.visit().class = Some(class);
                self.shows_tiers();
            }
            Wish::UseModel => self.uses_model(),
            Wish::Stars(stars) => self.takes_stars(stars),
            Wish::Status => self.tells_status(),
            Wish::Cancel => self.cancels(),
            Wish::Support => {
                self.visit().asked = Some(Asked::Question);
                self.say_text(texts.support);
            }
            Wish::AskErase => self.say(say::ask_erase(texts)),
            Wish::Erase => {
                self.say_text(texts.erased);
                // What is being made is not made any more.
                let in_work = self.user.visit.orders.iter().filter(|order| order.is_in_work());
                self.actions.extend(in_work.map(|order| Action::Refund { order: order.id }));
                let orders = self.user.visit.orders.iter().map(|order| order.id).collect();
                self.actions.push(Action::Erase { orders });
                self.user.visit = Visit::default();
            }
            Wish::Words(_) | Wish::Unclear => self.say(say::menu(texts, texts.not_understood)),
            Wish::Unreadable => self.say_text(texts.cannot_read),
        }
    }

    fn greet(&mut self) {
        let texts = self.texts();
        let text = texts.greeting.replace("{name}", &self.user.spaced_name());
        self.say(say::menu(texts, &text));
    }

    // Photos.

    fn asks_for_photos(&mut self) {
        let texts = self.texts();
        if self.user.visit.in_work().is_some() {
            return self.say_text(texts.in_work);
        }
        if let (Some(_), false) = (self.model(), self.user.visit.photos.are_enough()) {
            return self.say(say::model_or_anew(texts));
        }
        if self.user.visit.photos.are_enough() {
            return self.shows_tiers();
        }
        self.visit().stage = Stage::Collecting;
        self.say_text(texts.send_photos.replace("{enough}", &ENOUGH.to_string()));
    }

    fn takes_photos(&mut self, items: Vec<Media>, message: &Inbound) {
        let texts = self.texts();
        if self.user.visit.in_work().is_some() {
            return self.say_text(texts.in_work);
        }
        let (pictures, others): (Vec<_>, Vec<_>) =
            items.into_iter().partition(|item| item.mime_type.starts_with("image/"));
        if !others.is_empty() {
            self.say_text(texts.pictures_only);
        }
        if pictures.is_empty() {
            return;
        }
        if self.user.visit.stage == Stage::Ready {
            self.visit().begins_anew();
        }
        self.visit().stage = Stage::Collecting;
        let name = self.user.visit.class.unwrap_or(Class::Woman);
        for media in pictures {
            if !self.user.visit.photos.has_room() {
                if !std::mem::replace(&mut self.visit().is_full, true) {
                    self.say(say::enough(self.texts(), self.texts().full));
                }
                return;
            }
            let id = PhotoId::new(self.now(), self.around.entropy);
            let photo = Photo { id, message_id: message.id.clone(), came_at: self.now(), verdict: Verdict::Awaited };
            self.visit().photos.0.push(photo);
            self.actions.push(Action::Judge { photo: id, media, name });
        }
    }

    fn judged(&mut self, id: PhotoId, verdict: Verdict) {
        let Some(photo) = self.visit().photos.judge(id, verdict) else { return };
        let is_good = matches!(photo.verdict, Verdict::Good { .. });
        let emoji = if is_good { "👍" } else { "👎" };
        let message_id = photo.message_id.clone();
        // Twilio has no reactions.
        let reacts = self.user.address.as_ref().is_some_and(|address| address.channel == Channel::Meta);
        if reacts && self.may_speak() {
            self.say(Body::Reaction { message_id, emoji: emoji.to_owned() });
        }
        let said_class = self.user.visit.photos.class();
        let lately = before(self.now(), LOOKED_AT_WITHIN);
        let visit = self.visit();
        visit.class = visit.class.or(said_class);
        // An album comes as many messages: it gets one answer, when the last of them was looked at.
        if visit.photos.awaited_since(lately) == 0 && visit.stage == Stage::Collecting {
            let body = say::progress(self.texts(), &self.user.visit.photos);
            self.say(body);
        }
    }

    // Packs and orders.

    /// What was learned of the person, while its maker still knows it.
    fn model(&self) -> Option<&Model> {
        self.user.visit.model.as_ref().filter(|model| self.now() < after(model.trained_at, USED_FOR))
    }

    fn class_of_order(&self) -> Option<Class> {
        let visit = &self.user.visit;
        match visit.photos.are_enough() {
            true => visit.class.or(visit.photos.class()),
            false => self.model().map(|model| model.class),
        }
    }

    /// What photos would be made from, if there is enough of it.
    fn source(&self) -> Option<Source> {
        let visit = &self.user.visit;
        if visit.photos.are_enough() {
            return Some(Source::Photos { objects: visit.photos.objects(), traits: visit.photos.traits() });
        }
        self.model().map(|model| Source::Model { tune: model.tune })
    }

    fn shows_tiers(&mut self) {
        let texts = self.texts();
        if self.source().is_none() {
            return self.asks_for_photos();
        }
        let Some(class) = self.class_of_order() else { return self.say(say::ask_class(texts)) };
        let tiers = self.around.shelf.tiers(class);
        if tiers.is_empty() {
            return self.say(say::menu(texts, texts.nothing_for_sale));
        }
        if self.user.visit.in_work().is_none() {
            self.visit().stage = Stage::Choosing;
        }
        let body = say::tiers(texts, self.around.shelf, &tiers, class);
        self.say(body);
    }

    fn shows_packs(&mut self, tier: Tier, page: usize) {
        let texts = self.texts();
        let Some(class) = self.class_of_order() else { return self.shows_tiers() };
        let packs = self.around.shelf.of(tier, class);
        match packs.is_empty() {
            true => self.shows_tiers(),
            false => self.say(say::packs(texts, tier, &packs, page)),
        }
    }

    fn shows_sheet(&mut self, pack: i64) {
        let texts = self.texts();
        let class = self.class_of_order().unwrap_or(Class::Woman);
        let sheet = self.around.shelf.pack(pack).and_then(|pack| pack.sheets.get(&class).map(|sheet| (pack, sheet)));
        match sheet {
            Some((pack, sheet)) => {
                let caption = Some(pack.title.clone());
                self.say(Body::Image { url: say::of_object(sheet), caption });
            }
            None => self.say(say::menu(texts, texts.no_sheet)),
        }
    }

    fn offers(&mut self, pack: i64) {
        let texts = self.texts();
        if self.user.visit.in_work().is_some() {
            return self.say_text(texts.in_work);
        }
        let Some(source) = self.source() else { return self.asks_for_photos() };
        let Some(class) = self.class_of_order() else { return self.say(say::ask_class(texts)) };
        let shelf = self.around.shelf;
        let found = shelf.pack(pack).and_then(|pack| {
            let tier = pack.tier()?;
            Some((pack, tier, *shelf.prices.get(&tier)?, *pack.images.get(&class)?))
        });
        let Some((pack, tier, price, images)) = found else { return self.shows_tiers() };
        let now = self.now();
        // The same thing again is the same order: whoever taps twice is offered one.
        let is_same = |order: &&Order| {
            order.is_open(now) && order.pack == pack.id && order.from == source && order.price == price
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
                url: say::of_object(sheet),
                caption: Some(texts.sheet.replace("{pack}", &pack.title)),
            });
        }
        let text = say::agreement(texts, &pack.title, images, price);
        let (item, title, label) = (tier.item(), pack.title.clone(), texts.button_pay.to_owned());
        self.user.offered.clear();
        self.actions.push(Action::AskToPay { order: id, item, title, text, label });
    }

    fn uses_model(&mut self) {
        if self.model().is_none() {
            return self.asks_for_photos();
        }
        self.visit().photos.0.clear();
        self.shows_tiers();
    }

    fn paid(&mut self, id: OrderId) {
        let now = self.now();
        let texts = self.texts();
        let other_in_work = self.user.visit.in_work().is_some_and(|order| order.id != id);
        let Some(order) = self.visit().order_mut(id) else {
            // Forgotten, or never offered: nothing can be made of it.
            self.actions.push(Action::Refund { order: id });
            return self.say_text(texts.paid_for_nothing);
        };
        if order.step != Step::Offered {
            return;
        }
        order.goes_to(Step::Asked { paid_at: now }, now, None);
        let order = order.clone();
        if !self.waits(&order) {
            self.actions.push(Action::Make { order });
        }
        self.visit().stage = Stage::Training;
        self.visit().sent_again.clear();
        let text = if other_in_work { texts.paid_beside } else { texts.paid };
        self.say_text(text);
    }

    /// A model that is used for one order is not used for another at the same time: nobody could tell their photos apart.
    fn waits(&self, order: &Order) -> bool {
        let is_before = |other: &Order| (other.paid_at(), other.id) < (order.paid_at(), order.id);
        let mut others = self.user.visit.orders.iter().filter(|other| other.is_in_work() && other.id != order.id);
        matches!(order.from, Source::Model { .. }) && others.any(|other| other.from == order.from && is_before(other))
    }

    /// What waited for an order goes on when that is over.
    fn wakes_others(&mut self) {
        let now = self.now();
        for order in self.visit().orders.iter_mut().filter(|order| matches!(order.step, Step::Asked { .. })) {
            order.due = order.due.min(now);
        }
    }

    fn not_paid(&mut self, id: OrderId) {
        let texts = self.texts();
        let Some(order) = self.visit().order_mut(id).filter(|order| order.step == Step::Offered) else { return };
        // Money for it may come all the same, and late money is money.
        order.is_closed = true;
        let pack = order.pack;
        let visit = &self.user.visit;
        let latest = visit.orders.iter().rev().find(|order| order.step == Step::Offered);
        let is_current = visit.stage == Stage::Paying && latest.is_some_and(|order| order.id == id);
        // Whoever has gone on to something else, or was reminded, need not hear of it.
        if !is_current {
            return;
        }
        self.rests();
        if self.may_speak() && !self.user.visit.is_reminded {
            self.say(say::pay_again(texts, pack));
        }
    }

    fn repaid(&mut self, id: OrderId, is_all: bool) {
        let (now, texts) = (self.now(), self.texts());
        let Some(order) = self.visit().order_mut(id) else { return };
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

    // The making.

    fn begun(&mut self, id: OrderId, tune: i64, eta: Option<Timestamp>) {
        let now = self.now();
        let Some(order) = self.visit().order_mut(id) else { return };
        if let Step::Asked { paid_at } = order.step {
            order.goes_to(Step::Making { paid_at, tune }, now, eta);
        }
    }

    fn made(&mut self, id: OrderId, images: &[Image], is_all: bool) {
        let (now, texts) = (self.now(), self.texts());
        let Some(order) = self.visit().order_mut(id) else { return };
        let Some(_) = order.paid_at() else { return };
        let news: Vec<_> = images.iter().filter(|image| order.delivered.insert(image.name.clone())).cloned().collect();
        let is_first = order.delivered.len() == news.len();
        order.was_looked_at(now);
        if is_first && !news.is_empty() {
            self.say_text(texts.here_they_are);
        }
        for image in news {
            self.say(Body::Image { url: say::of_object(&image.object), caption: None });
        }
        if is_all {
            self.ends(id);
        }
    }

    /// There will be no more photos of it than there are.
    fn ends(&mut self, id: OrderId) {
        let (now, texts) = (self.now(), self.texts());
        let Some(order) = self.visit().order_mut(id).filter(|order| order.is_in_work()) else { return };
        if !order.is_mostly_delivered() {
            return self.gives_up(id);
        }
        let (count, images) = (order.delivered.len(), order.images);
        let model = match (&order.from, &order.step) {
            (Source::Photos { .. }, Step::Making { tune, .. }) => {
                Some(Model { tune: *tune, class: order.class, trained_at: now })
            }
            _ => None,
        };
        order.goes_to(Step::Done, now, None);
        self.actions.push(Action::UseCredit { order: id });
        if model.is_some() {
            self.visit().model = model;
            // The next photos are made from the model, until there are new selfies.
            self.visit().photos = Photos::default();
        }
        if count < usize::try_from(images).unwrap_or(usize::MAX) {
            self.say(say::not_all(texts, count, images));
        }
        self.rests();
        self.wakes_others();
        self.say(say::ask_stars(texts));
    }

    /// It is sent once more, or waits until the person writes.
    fn not_shown(&mut self, object: &str, is_too_late: bool) {
        if !self.visit().sent_again.insert(object.to_owned()) {
            return;
        }
        let body = Body::Image { url: say::of_object(object), caption: None };
        if is_too_late { self.holds_back(body) } else { self.say(body) }
    }

    fn gives_up(&mut self, id: OrderId) {
        let (now, texts) = (self.now(), self.texts());
        let Some(order) = self.visit().order_mut(id).filter(|order| order.is_in_work()) else { return };
        order.goes_to(Step::Returning, now, None);
        self.actions.push(Action::Refund { order: id });
        self.rests();
        self.wakes_others();
        self.say_text(texts.cannot_be_made);
    }

    /// Where the person is when nothing is in work any more.
    fn rests(&mut self) {
        let visit = self.visit();
        visit.stage = if visit.in_work().is_some() {
            Stage::Training
        } else if visit.photos.are_enough() {
            Stage::Choosing
        } else if !visit.photos.0.is_empty() {
            Stage::Collecting
        } else if visit.delivered().is_some() {
            Stage::Ready
        } else {
            Stage::New
        };
    }

    // Stars and words.

    fn takes_stars(&mut self, stars: u8) {
        let texts = self.texts();
        let Some(id) = self.user.visit.delivered().map(|order| order.id) else {
            return self.say(say::menu(texts, texts.not_understood));
        };
        if let Some(order) = self.visit().order_mut(id) {
            order.stars = Some(stars);
        }
        self.actions.push(Action::Rate { order: id, stars });
        if stars < 4 {
            self.visit().asked = Some(Asked::Feedback);
            return self.say_text(texts.what_was_wrong);
        }
        self.say(say::menu(texts, texts.thanks_for_stars));
    }

    fn takes_words(&mut self, asked: Asked, words: String) {
        let texts = self.texts();
        self.visit().asked = None;
        let action = match (asked, self.user.visit.delivered()) {
            (Asked::Feedback, Some(order)) => Action::Note { order: order.id, words },
            _ => Action::HandOn { words },
        };
        self.actions.push(action);
        self.say(say::menu(texts, texts.thanks_for_words));
    }

    fn tells_status(&mut self) {
        let texts = self.texts();
        let visit = &self.user.visit;
        let body = match visit.stage {
            _ if visit.in_work().is_some() => Body::Text { text: texts.in_work.to_owned() },
            Stage::Collecting => say::progress(texts, &visit.photos),
            Stage::Choosing | Stage::Paying => say::enough(texts, texts.choose_next),
            Stage::New | Stage::Training | Stage::Ready => say::menu(texts, texts.nothing_in_work),
        };
        self.say(body);
    }

    /// What was not paid is forgotten; what was paid goes on, and says so.
    fn cancels(&mut self) {
        let texts = self.texts();
        if self.user.visit.in_work().is_some() {
            return self.say_text(texts.too_late_to_cancel);
        }
        self.rests();
        // Whoever says no is not asked again.
        self.visit().is_reminded = true;
        self.say(say::menu(texts, texts.cancelled));
    }

    // Time.

    fn time_passed(&mut self) {
        let now = self.now();
        self.forgets_faces();
        self.catches_up();
        self.visit().orders.retain(|order| order.step != Step::Offered || now < order.due);
        let due: Vec<_> =
            self.user.visit.orders.iter().filter(|order| order.due <= now).map(|order| order.id).collect();
        for id in due {
            self.looks_at(id);
        }
        let is_stuck = matches!(self.user.visit.stage, Stage::Collecting | Stage::Choosing | Stage::Paying);
        if is_stuck && !self.user.visit.is_reminded && self.may_speak() && now >= self.reminder() {
            self.visit().is_reminded = true;
            let body = say::reminder(self.texts(), &self.user.visit);
            self.say(body);
        }
    }

    /// Whoever comes back after so long sends new selfies.
    fn forgets_faces(&mut self) {
        let now = self.now();
        self.visit().photos.forget_before(before(now, USED_FOR));
        if self.user.visit.in_work().is_some() || now < after(self.user.last_message_at, FACES_KEPT) {
            return;
        }
        let model = self.model().cloned();
        let visit = self.visit();
        visit.photos = Photos::default();
        visit.unsaid.clear();
        visit.class = None;
        visit.model = model;
        visit.stage = Stage::New;
        self.user.offered.clear();
    }

    fn looks_at(&mut self, id: OrderId) {
        let now = self.now();
        let Some(order) = self.visit().order_mut(id) else { return };
        if order.is_late(now) {
            return self.ends(id);
        }
        let order = order.clone();
        let action = match order.step {
            Step::Asked { .. } if self.waits(&order) => None,
            Step::Asked { .. } => Some(Action::Make { order }),
            Step::Making { tune, .. } => Some(Action::LookAfter { order: id, tune }),
            Step::Returning => Some(Action::Refund { order: id }),
            Step::Offered | Step::Done | Step::Returned => return,
        };
        if let Some(order) = self.visit().order_mut(id) {
            order.was_looked_at(now);
        }
        self.actions.extend(action);
    }

    fn reminder(&self) -> Timestamp {
        after(self.user.last_message_at, REMINDED_AFTER)
    }

    /// The next moment that this person must not be forgotten at.
    fn next_look(&self) -> Option<Timestamp> {
        let visit = &self.user.visit;
        let orders = visit.orders.iter().filter(|order| !order.is_over()).map(|order| order.due);
        let is_stuck = matches!(visit.stage, Stage::Collecting | Stage::Choosing | Stage::Paying);
        let reminder = (is_stuck && !visit.is_reminded).then(|| self.reminder());
        let reminder = reminder.filter(|at| *at < after(self.user.last_message_at, WINDOW) && self.may_speak());
        let unsaid = (!visit.unsaid.is_empty() && self.may_speak()).then(|| self.now());
        orders.chain(reminder).chain(unsaid).min()
    }
}

/// How many photos are bad for which reason, the most common reason first.
pub(crate) fn most_common(faults: &BTreeMap<Fault, usize>) -> Vec<(Fault, usize)> {
    let mut faults: Vec<_> = faults.iter().map(|(fault, count)| (*fault, *count)).collect();
    faults.sort_by_key(|(fault, count)| (std::cmp::Reverse(*count), *fault));
    faults
}

#[cfg(test)]
mod tests;
