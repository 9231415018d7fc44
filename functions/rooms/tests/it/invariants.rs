//! What always holds of rooms at rest: of their rows, queues, connections, photos and money.

use std::collections::{BTreeMap, BTreeSet};

use rooms_domain::{Goods, RoomCode};
use serde_json::{Value, json};

use crate::{
    payments::Order,
    world::{PHOTO_QUEUE, World, confusable_key, lock, text},
};

const PIN_NEWS: &str = "pin";

/// All that rooms have written and sent.
struct Snapshot<'a> {
    world: &'a World,
    rows: Vec<Value>,
    refund_requests: Vec<Value>,
    objects: BTreeSet<String>,
    violations: Vec<String>,
}

/// Broadcasts what is queued, and fails with the list of all broken invariants. All requests must have been answered,
/// and all messages of other queues handled.
pub(crate) async fn check(world: &World, story: &str) {
    world.deliver_broadcasts().await;
    let mut snapshot = Snapshot::read(world).await;
    for room in snapshot.rooms() {
        snapshot.numbers_have_no_gaps(&room);
        snapshot.idempotency_keys_lead_to_one_message(&room);
        snapshot.messages_are_broadcast(&room);
        snapshot.quotes_are_indexed_and_cleared(&room);
        snapshot.people_agree_with_their_indexes(&room);
        snapshot.state_is_broadcast(&room);
    }
    snapshot.indexes_lead_to_people();
    snapshot.removed_users_receive_nothing_later();
    snapshot.orders_are_fulfilled_or_refunded();
    snapshot.refunds_follow_their_writes();
    snapshot.photos_agree_with_their_objects();
    let violations = snapshot.violations;
    assert!(violations.is_empty(), "{story}: {violations:#?}");
}

/// Fails if a refund was requested before its reason was written. Holds at any moment.
pub(crate) async fn check_refunds(world: &World, story: &str) {
    let mut snapshot = Snapshot::read(world).await;
    snapshot.refunds_follow_their_writes();
    let violations = snapshot.violations;
    assert!(violations.is_empty(), "{story}: {violations:#?}");
}

impl<'a> Snapshot<'a> {
    async fn read(world: &'a World) -> Self {
        let rows = world.rows().await;
        let has_photos = rows.iter().any(|row| text(row, "sk") == "PHOTO");
        let objects = if has_photos {
            world.objects().list("", None).await.unwrap()
        } else {
            Vec::new()
        };
        Self {
            world,
            rows,
            refund_requests: world.refund_requests(),
            objects: objects.into_iter().collect(),
            violations: Vec::new(),
        }
    }

    fn require(&mut self, holds: bool, violation: impl FnOnce() -> String) {
        if !holds {
            self.violations.push(violation());
        }
    }

    /// Returns the rows of rooms themselves.
    fn rooms(&self) -> Vec<Value> {
        let rows = self.rows.iter().filter(|row| row["sk"] == "ROOM");
        rows.cloned().collect()
    }

    /// Returns the rows of a room whose sort keys begin so.
    fn of_room(&self, room: &Value, prefix: &str) -> Vec<Value> {
        let rows = self.rows.iter().filter(|row| row["pk"] == room["pk"]);
        rows.filter(|row| text(row, "sk").starts_with(prefix))
            .cloned()
            .collect()
    }

    fn find(&self, pk: &str, sk: &str) -> Option<&Value> {
        self.rows
            .iter()
            .find(|row| row["pk"] == pk && row["sk"] == sk)
    }

    fn has(&self, pk: &str, sk: &str) -> bool {
        self.find(pk, sk).is_some()
    }

    fn numbers_have_no_gaps(&mut self, room: &Value) {
        let pk = text(room, "pk");
        let messages = self.of_room(room, "MSG#");
        for (expected, message) in (1_u64..).zip(&messages) {
            let is_next =
                message["seq"] == expected && text(message, "sk") == format!("MSG#{expected:012}");
            self.require(is_next, || {
                format!("{pk}: {} is number {expected}", message["sk"])
            });
        }
        let reserved = room["reserved"].as_u64().unwrap_or_default();
        self.require(messages.len() as u64 <= reserved, || {
            format!("{pk}: {} messages, {reserved} reserved", messages.len())
        });
    }

    fn idempotency_keys_lead_to_one_message(&mut self, room: &Value) {
        let pk = text(room, "pk");
        let code = text(room, "code");
        let mut keys = BTreeMap::<u64, Vec<String>>::new();
        for row in self.of_room(room, "SAID#") {
            let seq = row["seq"].as_u64().unwrap_or_default();
            let key = text(&row, "sk").to_owned();
            keys.entry(seq).or_default().push(key);
        }
        for row in self
            .rows
            .iter()
            .filter(|row| row["pk"] == format!("PAID#{code}"))
        {
            if let Some(seq) = row["said_as"].as_u64() {
                let key = format!("SAID#{}#{}", text(row, "payer"), text(row, "order"));
                keys.entry(seq).or_default().push(key);
            }
        }
        for message in self.of_room(room, "MSG#") {
            let seq = message["seq"].as_u64().unwrap_or_default();
            let (user, id) = (text(&message, "user_id"), text(&message, "client_msg_id"));
            let expected = [format!("SAID#{user}#{id}")];
            let keys = keys.remove(&seq).unwrap_or_default();
            self.require(keys == expected, || {
                format!("{pk}: message {seq} has the keys {keys:?}")
            });
        }
        self.require(keys.is_empty(), || {
            format!("{pk}: keys without a message: {keys:?}")
        });
    }

    /// The current revision of each message was queued for broadcast.
    fn messages_are_broadcast(&mut self, room: &Value) {
        let pk = text(room, "pk");
        let updates = self.updates(room);
        for message in self.of_room(room, "MSG#") {
            let is_current = |update: &&Value| {
                update["message"]["seq"] == message["seq"]
                    && update["message"]["rev"] == message["rev"]
            };
            let is_broadcast = updates.iter().any(|update| is_current(&update));
            self.require(is_broadcast, || {
                format!(
                    "{pk}: revision {} of message {} was never broadcast",
                    message["rev"], message["seq"]
                )
            });
        }
    }

    fn updates(&self, room: &Value) -> Vec<Value> {
        let code: RoomCode = text(room, "code").parse().unwrap();
        self.world.updates(code)
    }

    fn quotes_are_indexed_and_cleared(&mut self, room: &Value) {
        let pk = text(room, "pk").to_owned();
        let is_deleted = |seq: &Value| {
            let sk = format!("MSG#{:012}", seq.as_u64().unwrap_or_default());
            self.find(&pk, &sk)
                .is_none_or(|message| message["is_deleted"] == true)
        };
        let mut violations = Vec::new();
        for reply in self.of_room(room, "MSG#") {
            let quote = &reply["reply_to"];
            if quote.is_null() {
                continue;
            }
            let (seq, number) = (&quote["seq"], &reply["seq"]);
            let is_cleared = text(quote, "text").is_empty();
            if is_cleared != is_deleted(seq) {
                violations.push(format!(
                    "{pk}: the quote in message {number} is not {seq}'s"
                ));
            }
            let quoted = seq.as_u64().unwrap_or_default();
            let index = format!(
                "QUOTE#{quoted:012}#{:012}",
                number.as_u64().unwrap_or_default()
            );
            if self.has(&pk, &index) == is_deleted(seq) {
                violations.push(format!("{pk}: {index} does not agree with message {seq}"));
            }
        }
        for index in self.of_room(room, "QUOTE#") {
            let reply = text(&index, "sk").rsplit('#').next().unwrap_or_default();
            if !self.has(&pk, &format!("MSG#{reply}")) {
                violations.push(format!("{pk}: {} has no reply", index["sk"]));
            }
        }
        self.violations.extend(violations);
    }

    fn people_agree_with_their_indexes(&mut self, room: &Value) {
        let (pk, code) = (text(room, "pk").to_owned(), text(room, "code"));
        let is_open = room["closed_at"].is_null();
        let mut host = None;
        for person in self.of_room(room, "PERSON#") {
            let user = text(&person, "user_id");
            let place = person["place"].as_str().unwrap_or("inside");
            let is_mine = self.has(&format!("MINE#{user}"), code);
            self.require(is_mine == (place == "inside"), || {
                format!("{pk}: {user} is {place}, and the room is among theirs: {is_mine}")
            });
            let is_listed = self.has(&pk, &format!("BANNED#{user}"));
            self.require(is_listed == (place == "banned"), || {
                format!("{pk}: {user} is {place}, and among the banned: {is_listed}")
            });
            let name = text(&person, "username");
            let owner = self.find(&pk, &format!("NAME#{}", confusable_key(name)));
            let owns = owner.is_some_and(|owner| text(owner, "user_id") == user);
            self.require(owns, || format!("{pk}: {user} does not own {name}"));
            if user == text(room, "host") {
                host = Some((place.to_owned(), name.to_owned()));
            }
        }
        let expected = ("inside".to_owned(), text(room, "host_name").to_owned());
        self.require(!is_open || host.as_ref() == Some(&expected), || {
            format!("{pk}: the host is {host:?}, not {expected:?}")
        });
        for name in self.of_room(room, "NAME#") {
            let person = format!("PERSON#{}", text(&name, "user_id"));
            let is_known = self.has(&pk, &person);
            self.require(is_known, || format!("{pk}: {} has no owner", name["sk"]));
        }
    }

    /// Clients know the settings and the pin of a room, and who is muted.
    fn state_is_broadcast(&mut self, room: &Value) {
        let (pk, now) = (text(room, "pk"), self.world.now());
        let updates = self.updates(room);
        let last = |kind: &str| updates.iter().rev().find(|update| update["news"] == kind);
        let mut violations = Vec::new();
        if let Some(update) = last("room") {
            for name in ["name", "description", "is_public", "is_read_only"] {
                if update["room"][name] != room[name] {
                    violations.push(format!("{pk}: {name} was broadcast as {update}"));
                }
            }
        }
        let pins = room["pins"].as_array().into_iter().flatten();
        let shown = pins
            .filter(|pin| {
                text(pin, "until")
                    .parse()
                    .is_ok_and(|until: confab_core::Timestamp| until > now)
            })
            .max_by_key(|pin| pin["tier"].as_u64());
        let shown = shown.map_or(Value::Null, |pin| pin["seq"].clone());
        let announced = last(PIN_NEWS).map_or(Value::Null, |update| update["pin"]["seq"].clone());
        let has_expired = last(PIN_NEWS).is_some_and(|update| {
            let until = update["pin"]["until"].as_str().unwrap_or_default().parse();
            until.is_ok_and(|until: confab_core::Timestamp| until <= now)
        });
        if announced != shown && !has_expired {
            violations.push(format!("{pk}: pin {shown} was broadcast as {announced}"));
        }
        for person in self.of_room(room, "PERSON#") {
            let of_person = |update: &&Value| {
                update["news"] == "muted" && update["user_id"] == person["user_id"]
            };
            let told = updates.iter().rfind(of_person);
            let told = told.is_some_and(|update| update["is_muted"] == true);
            let is_muted = person["is_muted"] == true;
            if told != is_muted {
                violations.push(format!(
                    "{pk}: {} is muted: {is_muted}, told: {told}",
                    person["user_id"]
                ));
            }
        }
        self.violations.extend(violations);
    }

    fn indexes_lead_to_people(&mut self) {
        for mine in self.rows.clone() {
            let Some(user) = text(&mine, "pk").strip_prefix("MINE#") else {
                continue;
            };
            let (pk, sk) = (
                format!("ROOM#{}", text(&mine, "sk")),
                format!("PERSON#{user}"),
            );
            let is_known = self.has(&pk, &sk);
            self.require(is_known, || format!("{user} is not known in {pk}"));
        }
        let live: Vec<_> = self
            .rows
            .iter()
            .filter(|row| text(row, "pk").starts_with("LIVE#"))
            .collect();
        let ids: Vec<_> = live.iter().filter_map(|row| row["c"].as_str()).collect();
        let distinct: BTreeSet<_> = ids.iter().collect();
        let is_distinct = distinct.len() == ids.len();
        let ids = format!("{ids:?}");
        self.require(is_distinct, || format!("a connection has two rows: {ids}"));
    }

    /// A removed user received no message with a later number on an earlier connection, which is closed.
    fn removed_users_receive_nothing_later(&mut self) {
        for (room, user, last_seq, at) in lock(&self.world.removals).clone() {
            for socket in lock(&self.world.sockets).clone() {
                let is_earlier =
                    socket.room == room && socket.user == user && socket.opened_before(at);
                if !is_earlier {
                    continue;
                }
                for message in socket.messages() {
                    let is_allowed = message["seq"].as_u64() <= Some(last_seq);
                    self.require(is_allowed, || {
                        format!("{user} was removed after {last_seq} and received {message}")
                    });
                }
                let is_closed = socket.is_closed();
                self.require(is_closed, || format!("a connection of {user} is open"));
            }
        }
    }

    fn requests_of(&self, order: &Order) -> Vec<Value> {
        let requests = self.refund_requests.iter();
        requests
            .filter(|event| event["data"]["order_id"] == json!(order.id))
            .cloned()
            .collect()
    }

    /// Each order is fulfilled exactly once or refunded exactly once, and never both.
    fn orders_are_fulfilled_or_refunded(&mut self) {
        for order in lock(&self.world.orders).clone() {
            let (pk, id) = (format!("PAID#{}", order.room), order.id.to_string());
            let Some(row) = self.find(&pk, &id).cloned() else {
                self.violations.push(format!("order {id} has no row"));
                continue;
            };
            let requests = self.requests_of(&order);
            let ids: BTreeSet<_> = requests.iter().map(|event| text(event, "id")).collect();
            let is_once = ids.len() <= 1;
            self.require(is_once, || {
                format!("order {id} is refunded twice: {requests:?}")
            });
            let room = self.find(&format!("ROOM#{}", order.room), "ROOM").cloned();
            let is_open = room
                .as_ref()
                .is_some_and(|room| room["closed_at"].is_null());
            let goods = self.goods_of(&order, room.as_ref());
            match text(&row, "became") {
                "given" if order.is_refunded => {
                    self.violations
                        .push(format!("order {id} was refunded and is given"));
                }
                "given" if is_open => {
                    self.require(requests.is_empty(), || {
                        format!("order {id} is given and refunded: {requests:?}")
                    });
                    let has_ended = self.has_ended(&order, &row);
                    self.require(goods == 1 || (goods == 0 && has_ended), || {
                        format!("order {id} is given {goods} times")
                    });
                }
                "given" => {}
                "not_given" => {
                    self.require(!requests.is_empty(), || {
                        format!("order {id} is not given, and no refund was requested")
                    });
                    self.require(goods == 0, || {
                        format!("order {id} is not given, and has {goods}")
                    });
                }
                "returned" => {
                    self.require(order.is_refunded, || {
                        format!("order {id} was never refunded")
                    });
                    self.require(goods == 0, || {
                        format!("order {id} is returned, and has {goods}")
                    });
                }
                other => self.violations.push(format!("order {id} became {other}")),
            }
        }
    }

    /// Returns how many times an order's goods are in the rows.
    fn goods_of(&self, order: &Order, room: Option<&Value>) -> usize {
        let id = order.id.to_string();
        let Some(room) = room else { return 0 };
        match order.goods {
            Goods::Pin { .. } => {
                let pins = room["pins"].as_array().into_iter().flatten();
                pins.filter(|pin| pin["order"] == id.as_str()).count()
            }
            Goods::Tip { .. } => {
                let messages = self.of_room(room, "MSG#").into_iter();
                messages
                    .filter(|message| text(message, "client_msg_id") == id)
                    .filter(|message| message["is_deleted"] == false)
                    .count()
            }
            Goods::BackRoom => {
                let entrances = self
                    .rows
                    .iter()
                    .filter(|row| row["entrance"] == id.as_str());
                let places: BTreeSet<_> = entrances.map(|row| text(row, "pk")).collect();
                let back = format!("ROOM#{}", text(room, "back_room"));
                match (
                    places.contains(text(room, "pk")),
                    places.contains(back.as_str()),
                ) {
                    (true, true) => 1,
                    (false, false) => 0,
                    // Half of an entrance is never right.
                    _ => 99,
                }
            }
        }
    }

    /// Whether goods that were given may be gone: a pin ends, and a message is deleted.
    fn has_ended(&self, order: &Order, row: &Value) -> bool {
        let message_is_deleted = |seq: u64| {
            let pk = format!("ROOM#{}", order.room);
            let message = self.find(&pk, &format!("MSG#{seq:012}"));
            message.is_some_and(|message| message["is_deleted"] == true)
        };
        match order.goods {
            Goods::Pin { seq, tier } => {
                let at: confab_core::Timestamp = text(row, "at").parse().unwrap();
                message_is_deleted(seq)
                    || confab_core::after(at, tier.duration()) <= self.world.now()
            }
            Goods::Tip { .. } => row["said_as"].as_u64().is_some_and(message_is_deleted),
            Goods::BackRoom => false,
        }
    }

    /// A refund is requested for an order that is not given, or whose room is closed.
    fn refunds_follow_their_writes(&mut self) {
        for event in self.refund_requests.clone() {
            let id = text(&event["data"], "order_id");
            let row = self
                .rows
                .iter()
                .find(|row| text(row, "pk").starts_with("PAID#") && text(row, "sk") == id);
            let Some(row) = row else {
                self.violations
                    .push(format!("a refund without an order: {event}"));
                continue;
            };
            let room = text(row, "pk").replace("PAID#", "ROOM#");
            let is_open = self
                .find(&room, "ROOM")
                .is_some_and(|room| room["closed_at"].is_null());
            let is_early = is_open && row["became"] == "given";
            self.require(!is_early, || {
                format!("the refund of order {id} was requested before it was written")
            });
        }
    }

    fn photos_agree_with_their_objects(&mut self) {
        let photos = self
            .rows
            .iter()
            .filter(|row| text(row, "pk").starts_with("PHOTO#"));
        let photos: Vec<_> = photos.cloned().collect();
        let jobs = self.world.cloud.queued(PHOTO_QUEUE);
        for photo in photos {
            let id = text(&photo, "photo_id");
            let has = |key: String| self.objects.contains(&key);
            let is_shown =
                has(format!("photos/{id}/large.jpg")) && has(format!("photos/{id}/small.jpg"));
            let is_quarantined = has(format!("quarantine/{id}"));
            let is_queued = jobs.iter().any(|job| job["photo"] == id);
            let state = text(&photo, "state").to_owned();
            let holds = match state.as_str() {
                "done" => is_shown && !is_quarantined && !photo["found"].is_null(),
                "refused" => {
                    !is_quarantined && !photo["code"].is_null() && photo["found"].is_null()
                }
                "looking" => is_queued && is_quarantined,
                _ => !is_shown,
            };
            self.require(holds, || {
                format!("photo {id} is {state}: shown {is_shown}, quarantined {is_quarantined}, queued {is_queued}")
            });
        }
        for row in self.rows.clone() {
            if text(&row, "pk").starts_with("RECENT#") {
                let photo = text(&row, "sk");
                let state = self
                    .find(&format!("PHOTO#{photo}"), "PHOTO")
                    .map(|row| row["state"].clone());
                self.require(state == Some(json!("done")), || {
                    format!("{photo} is recent and {state:?}")
                });
            }
        }
    }
}
