//! What always holds of the studio, read from its table, bucket, queues and bus, and from the providers.

use std::collections::{BTreeMap, BTreeSet};

use confab_core::{EventId, OrderId, UserId};
use serde_json::{Value, json};
use studio_domain::{EraseJob, GenerationJob, GenerationTask, Job, PhotoJob};

use crate::world::{
    CONVERSATION_QUEUE, ERASE_QUEUE, GENERATION_QUEUE, PHOTO_QUEUE, World, reference,
};

/// Whether delivery statuses reach the studio before a message is delivered again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Statuses {
    Arrive,
    /// Each message whose outcome was unknown is sent again.
    AreLost,
}

/// A copy that dies takes the other one's send in flight with it, whose status may come after the next delivery.
pub(crate) fn statuses_of_concurrent_copies(story: &str) -> Statuses {
    if story.starts_with("Dies") {
        Statuses::AreLost
    } else {
        Statuses::Arrive
    }
}

/// Asserts the invariants of a world in which every message was handled.
pub(crate) async fn check(world: &World, story: &str) {
    check_with(world, Statuses::Arrive, story).await;
}

pub(crate) async fn check_with(world: &World, statuses: Statuses, story: &str) {
    let snapshot = Snapshot::read(world, story).await;
    snapshot.messages_are_decided_once();
    snapshot.effects_belong_to_one_decision_and_are_settled();
    snapshot.messages_are_sent_once_per_decision(statuses);
    snapshot.jobs_follow_from_decisions();
    snapshot.orders_have_one_tune();
    snapshot.open_orders_have_a_timer();
    snapshot.photos_belong_to_their_order();
    snapshot.events_have_their_decision();
    snapshot.decisions_have_their_events();
    snapshot.erased_users_have_left_nothing();
}

struct Snapshot<'a> {
    story: &'a str,
    rows: Vec<Value>,
    /// By key: the id of the trigger.
    inbox: BTreeMap<String, Value>,
    /// Rows of effects by their id.
    effects: BTreeMap<String, Value>,
    /// Rows of generations by their order.
    generations: BTreeMap<String, Value>,
    events: Vec<Value>,
    tunes: Vec<Value>,
    /// The reference of each accepted message.
    sent: Vec<Option<String>>,
    triggers: Vec<Job>,
    photo_jobs: Vec<PhotoJob>,
    generation_jobs: Vec<GenerationJob>,
    erase_jobs: Vec<EraseJob>,
    objects: BTreeSet<String>,
    erased: Vec<(UserId, Vec<OrderId>)>,
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

impl<'a> Snapshot<'a> {
    async fn read(world: &World, story: &'a str) -> Self {
        let rows = world.rows().await;
        let (mut inbox, mut effects) = (BTreeMap::new(), BTreeMap::new());
        let mut generations = BTreeMap::new();
        for row in &rows {
            if let Some(id) = text(row, "pk").strip_prefix("INBOX#") {
                inbox.insert(id.to_owned(), row.clone());
            } else if let Some(order) = text(row, "pk").strip_prefix("MAKE#") {
                generations.insert(order.to_owned(), row.clone());
            } else if row["direction"] == "out" {
                effects.insert(text(row, "id").to_owned(), row.clone());
            }
        }
        let sent = world.simulators.sent().into_iter();
        let objects = world.objects();
        let objects = objects.list("", None).await.unwrap();
        Self {
            story,
            rows,
            inbox,
            effects,
            generations,
            events: world.cloud.events(),
            tunes: world.simulators.tunes().await,
            sent: sent.map(|stored| stored.options.reference).collect(),
            triggers: world.jobs(CONVERSATION_QUEUE),
            photo_jobs: world.jobs(PHOTO_QUEUE),
            generation_jobs: world.jobs(GENERATION_QUEUE),
            erase_jobs: world.jobs(ERASE_QUEUE),
            objects: objects.into_iter().collect(),
            erased: world.erased.lock().unwrap().clone(),
        }
    }

    fn is_erased(&self, user: &str) -> bool {
        self.erased.iter().any(|(id, _)| id.to_string() == user)
    }

    fn users(&self) -> impl Iterator<Item = &Value> {
        self.rows
            .iter()
            .filter(|row| row["sk"] == "USER" && row["merged_into"].is_null())
    }

    /// Each message of a person has one inbox entry and one row, of the same user.
    fn messages_are_decided_once(&self) {
        let story = self.story;
        let mut rows = BTreeMap::<String, Vec<&Value>>::new();
        for row in self.rows.iter().filter(|row| row["direction"] == "in") {
            let id = format!(
                "{}#{}",
                text(&row["from"], "channel"),
                text(row, "provider_id")
            );
            rows.entry(id).or_default().push(row);
        }
        for (id, rows) in &rows {
            assert_eq!(rows.len(), 1, "{story}: message {id} was decided twice");
            let entry = self.inbox.get(id);
            assert!(entry.is_some(), "{story}: message {id} has no inbox entry");
        }
        for (id, entry) in &self.inbox {
            let is_message = id.starts_with("meta#") || id.starts_with("twilio#");
            if is_message && !self.is_erased(text(entry, "owner")) {
                assert!(rows.contains_key(id), "{story}: message {id} was not saved");
            }
        }
    }

    fn effects_belong_to_one_decision_and_are_settled(&self) {
        let story = self.story;
        let mut decisions = BTreeMap::<&str, usize>::new();
        for entry in self.inbox.values() {
            let effects = entry["effects"].as_array().into_iter().flatten();
            for id in effects.filter_map(Value::as_str) {
                *decisions.entry(id).or_default() += 1;
                let is_known = self.effects.contains_key(id);
                let is_erased = self.is_erased(text(entry, "owner"));
                assert!(is_known || is_erased, "{story}: effect {id} is lost");
            }
        }
        for (id, effect) in &self.effects {
            let count = decisions.get(id.as_str()).copied().unwrap_or_default();
            assert_eq!(count, 1, "{story}: effect {id} has {count} decisions");
            let action = &effect["action"];
            assert_ne!(
                effect["stage"], "sending",
                "{story}: effect {id} is not settled: {action}"
            );
        }
    }

    /// A message that the provider accepted is a decided effect, and was accepted once.
    fn messages_are_sent_once_per_decision(&self, statuses: Statuses) {
        let story = self.story;
        let most = if statuses == Statuses::Arrive { 1 } else { 2 };
        let mut counts = BTreeMap::<String, usize>::new();
        for sent in &self.sent {
            let Some(reference) = reference(sent.as_deref()) else {
                panic!("{story}: a message was sent without a reference");
            };
            let id = reference.effect_id.to_string();
            let is_erased = self.is_erased(&reference.user_id.to_string());
            let is_decided = self.effects.contains_key(&id);
            assert!(is_decided || is_erased, "{story}: {id} was never decided");
            *counts.entry(id).or_default() += 1;
        }
        for (id, count) in &counts {
            assert!(
                *count <= most,
                "{story}: message {id} was sent {count} times"
            );
        }
        for (id, effect) in &self.effects {
            let (action, body) = (&effect["action"], &effect["action"]["body"]);
            let is_message = match text(action, "action") {
                "say" => body["type"] != "reaction",
                name => name == "ask_to_pay",
            };
            if is_message && effect["stage"] != "failed" {
                assert!(
                    counts.contains_key(id),
                    "{story}: message {id} is marked as sent and was not: {body}"
                );
            }
        }
    }

    /// Each decided job is on its queue, and each job there was decided.
    fn jobs_follow_from_decisions(&self) {
        let story = self.story;
        let mut queued: BTreeSet<(&str, String)> = BTreeSet::new();
        for PhotoJob::V1 { photo, user_id, .. } in &self.photo_jobs {
            if !self.is_erased(&user_id.to_string()) {
                queued.insert(("judge", photo.to_string()));
            }
        }
        for GenerationJob::V1 { task } in &self.generation_jobs {
            if let GenerationTask::Start { user_id, order } = task
                && !self.is_erased(&user_id.to_string())
            {
                queued.insert(("make", order.id.to_string()));
            }
        }
        for EraseJob::V1 { user_id, .. } in &self.erase_jobs {
            if !self.is_erased(&user_id.to_string()) {
                queued.insert(("erase", user_id.to_string()));
            }
        }
        let mut decided = BTreeSet::new();
        for effect in self.effects.values() {
            let action = &effect["action"];
            match text(action, "action") {
                "judge" => decided.insert(("judge", text(action, "photo").to_owned())),
                "make" => decided.insert(("make", text(&action["order"], "id").to_owned())),
                "erase" => decided.insert(("erase", text(effect, "user_id").to_owned())),
                _ => continue,
            };
        }
        assert_eq!(
            queued, decided,
            "{story}: jobs on queues, and those decided"
        );
    }

    /// Astria was asked for each order at most once, and an order that is being made has its tune.
    fn orders_have_one_tune(&self) {
        let story = self.story;
        let mut requests = BTreeMap::<String, Vec<i64>>::new();
        for tune in &self.tunes {
            let id = tune["id"].as_i64().unwrap_or_default();
            for batch in tune["batches"].as_array().into_iter().flatten() {
                let title = text(batch, "title").to_owned();
                requests.entry(title).or_default().push(id);
            }
        }
        for (order, tunes) in &requests {
            assert_eq!(tunes.len(), 1, "{story}: {order} was requested twice");
            let generation = self.generations.get(order);
            if order.parse::<OrderId>().is_ok() {
                let known = generation.map(|row| row["tune"].clone());
                let is_ours = known == Some(json!(tunes[0]));
                assert!(is_ours, "{story}: {order} has {known:?}, not {tunes:?}");
            }
        }
        for order in self.users().flat_map(orders) {
            let tune = &order["step"]["tune"];
            let id = text(order, "id");
            if !tune.is_null() {
                let known = self.generations.get(id).map(|row| &row["tune"]);
                assert_eq!(known, Some(tune), "{story}: tune of {id}");
                assert!(requests.contains_key(id), "{story}: {id} was never made");
            }
        }
    }

    /// An order that is not over is never silent.
    fn open_orders_have_a_timer(&self) {
        for user in self.users() {
            let is_open =
                |order: &Value| !matches!(text(&order["step"], "at"), "done" | "returned");
            if orders(user).any(is_open) {
                let due = &user["due_at"];
                assert!(due.is_i64(), "{}: no timer: {user}", self.story);
            }
        }
    }

    /// A delivered photo is in the bucket, under its user and order, and came from the order's tune.
    fn photos_belong_to_their_order(&self) {
        let story = self.story;
        let mut delivered = BTreeSet::new();
        for effect in self.effects.values() {
            let body = &effect["action"]["body"];
            let key = text(body, "url").strip_prefix("object:people/");
            let Some(key) = key.filter(|_| body["type"] == "image") else {
                continue;
            };
            let parts: Vec<_> = key.split('/').collect();
            let [user, "orders", order, name] = parts.as_slice() else {
                panic!("{story}: {key} is no photo of an order");
            };
            assert_eq!(*user, text(effect, "user_id"), "{story}: {key}");
            let generation = self.generations.get(*order);
            let Some(generation) = generation else {
                panic!("{story}: {key} was never requested");
            };
            assert_eq!(text(generation, "person"), *user, "{story}: {key}");
            let is_first = delivered.insert(key.to_owned());
            let is_resent = self.users().any(|user| {
                let resent = user["visit"]["sent_again"].as_array();
                let key = format!("people/{key}");
                resent.is_some_and(|resent| resent.iter().any(|resent| *resent == key.as_str()))
            });
            assert!(is_first || is_resent, "{story}: {key} was delivered twice");
            let object = format!("people/{key}");
            assert!(self.objects.contains(&object), "{story}: {key} is gone");
            let prompt = name.split('-').next().unwrap_or_default();
            let tune = self
                .tunes
                .iter()
                .find(|tune| tune["id"] == generation["tune"]);
            if let Some(tune) = tune {
                let prompts = tune["prompts"].as_array().into_iter().flatten();
                let is_ours = prompts
                    .into_iter()
                    .any(|known| prompt.parse().is_ok_and(|id: i64| known["id"] == id));
                assert!(is_ours, "{story}: {key} is of another tune");
            }
        }
    }

    /// Each event on the bus follows from a row, and copies of an event are equal.
    fn events_have_their_decision(&self) {
        let story = self.story;
        let mut known = BTreeMap::<&str, (&Value, &Value)>::new();
        for event in &self.events {
            let (id, data) = (text(event, "id"), &event["data"]);
            let copy = known.entry(id).or_insert((&event["type"], data));
            assert_eq!(*copy, (&event["type"], data), "{story}: copies of {id}");
            let cause = text(event, "causation_id");
            let has_row = match text(event, "type") {
                "user_message_received" => self
                    .inbox
                    .get(cause)
                    .is_some_and(|entry| entry["owner"] == data["user_id"]),
                "refund_requested" => self.is_effect(cause, "refund", data),
                "credit_used" => self.is_effect(cause, "use_credit", data),
                "tune_created" => self
                    .generations
                    .get(text(data, "order_id"))
                    .map_or(self.is_erased(text(data, "user_id")), |row| {
                        row["tune"] == data["tune_id"] && row["person"] == data["user_id"]
                    }),
                "image_processed" => self.is_reviewed(text(data, "photo_id"), &data["is_good"]),
                "pack_images_updated" => self.rows.iter().any(|row| {
                    row["pk"] == "PACKS"
                        && row["id"] == data["pack_id"]
                        && row["sheets"][text(data, "class")].is_string()
                }),
                "cleanup_finished" => self.rows.iter().any(|row| {
                    row["pk"] == "CLEANUPS"
                        && row["run"] == data["run"]
                        && row["found"] == data["found"]
                        && row["finished_at"].is_string()
                }),
                "cleanup_due" => true,
                other => panic!("{story}: unknown event {other}"),
            };
            assert!(has_row, "{story}: no decision led to {event}");
        }
    }

    fn is_effect(&self, id: &str, action: &str, data: &Value) -> bool {
        match self.effects.get(id) {
            Some(effect) => {
                let decided = &effect["action"];
                decided["action"] == action && decided["order"] == data["order_id"]
            }
            // The rows of an erased user are gone.
            None => !self.erased.is_empty(),
        }
    }

    fn is_reviewed(&self, id: &str, is_good: &Value) -> bool {
        self.triggers.iter().any(|job| match job {
            Job::V2 {
                trigger: studio_domain::Trigger::PhotoReviewed { photo, verdict },
                ..
            } => {
                let is_accepted = matches!(verdict, studio_domain::Verdict::Accepted { .. });
                photo.to_string() == id && *is_good == is_accepted
            }
            _ => false,
        })
    }

    fn decisions_have_their_events(&self) {
        let story = self.story;
        let has_event = |kind: &str, id: EventId| {
            let id = id.to_string();
            let mut events = self.events.iter();
            events.any(|event| event["type"] == kind && event["id"] == id.as_str())
        };
        for (id, entry) in &self.inbox {
            if id.starts_with("meta#") || id.starts_with("twilio#") {
                let event = EventId::of_event(id);
                let is_known = has_event("user_message_received", event);
                assert!(is_known, "{story}: nothing announced {id}: {entry}");
            }
        }
        for (id, effect) in &self.effects {
            let kind = match text(&effect["action"], "action") {
                "refund" => "refund_requested",
                "use_credit" => "credit_used",
                _ => continue,
            };
            let event = EventId::of_effect(id.parse().unwrap());
            assert!(has_event(kind, event), "{story}: no {kind} for {id}");
        }
        for (order, generation) in &self.generations {
            if !generation["tune"].is_null() {
                let event = EventId::of_event(&format!("tune#{order}"));
                assert!(has_event("tune_created", event), "{story}: {order}");
            }
        }
    }

    /// An inbox entry stays, so that copies of old messages do nothing. It has ids only.
    fn erased_users_have_left_nothing(&self) {
        let story = self.story;
        for (user, orders) in &self.erased {
            let user = user.to_string();
            for row in &self.rows {
                let pk = text(row, "pk");
                if pk.starts_with("INBOX#") {
                    let allowed = [
                        "pk",
                        "sk",
                        "owner",
                        "effects",
                        "lease_until_ms",
                        "expires_at",
                    ];
                    let names = row.as_object().into_iter().flat_map(|row| row.keys());
                    for name in names {
                        assert!(allowed.contains(&name.as_str()), "{story}: {row}");
                    }
                    continue;
                }
                let is_theirs = row.to_string().contains(&user);
                assert!(!is_theirs, "{story}: {user} has left {row}");
            }
            for object in &self.objects {
                assert!(!object.contains(&user), "{story}: {object} is left");
            }
            for order in orders {
                let order = order.to_string();
                let is_left = |tune: &&Value| tune["title"] == order.as_str();
                let tune = self.tunes.iter().find(is_left);
                assert!(tune.is_none(), "{story}: {order} has left {tune:?}");
            }
        }
    }
}

fn orders(user: &Value) -> impl Iterator<Item = &Value> {
    user["visit"]["orders"].as_array().into_iter().flatten()
}
