use std::collections::BTreeMap;

use aws_sdk_dynamodb::config::{
    BehaviorVersion, Credentials, Region, http::HttpRequest, http::HttpResponse,
};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use confab_core::EventId;
use confab_messaging::{Channel, Content, Inbound};
use confab_testkit::sample;
use confab_worker::{Consistency, DecisionStore, InboxState, SaveOutcome};
use serde_json::{Value, json};
use studio_domain::{Job, aliases, inbox_id};

use super::*;

/// A DynamoDB that answers reads from its rows, by `pk`, and ignores writes.
#[derive(Debug, Clone, Default)]
struct FakeTable {
    rows: Arc<Mutex<BTreeMap<String, Value>>>,
    operations: Arc<Mutex<Vec<String>>>,
}

impl HttpConnector for FakeTable {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let operation = request
            .headers()
            .get("x-amz-target")
            .unwrap()
            .split_once('.')
            .unwrap()
            .1
            .to_owned();
        let input: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let rows = self.rows.lock().unwrap();
        let row = |key: &Value| rows.get(key["pk"]["S"].as_str().unwrap()).cloned();
        let answer = match operation.as_str() {
            "BatchGetItem" => {
                let keys = input["RequestItems"]["Studio"]["Keys"].as_array().unwrap();
                let twice = keys
                    .iter()
                    .enumerate()
                    .any(|(index, key)| keys[..index].contains(key));
                assert!(!twice, "DynamoDB refuses duplicate keys: {keys:?}");
                json!({ "Responses": { "Studio": keys.iter().filter_map(row).collect::<Vec<_>>() } })
            }
            "GetItem" => json!({ "Item": row(&input["Key"]) }),
            // Rows of one partition, in the order of their keys here.
            "Query" => {
                let mut found: Vec<_> = rows.values().cloned().collect();
                if input["ScanIndexForward"] == false {
                    found.reverse();
                }
                found.truncate(usize::try_from(input["Limit"].as_u64().unwrap()).unwrap());
                json!({ "Items": found })
            }
            // The condition of a status: its rank is higher than the saved one.
            "UpdateItem" => {
                let rank = |value: &Value| value["N"].as_str()?.parse::<u8>().ok();
                let new = rank(&input["ExpressionAttributeValues"][":rank"]);
                let mut saved = row(&input["Key"]).unwrap_or_default();
                if new <= rank(&saved["stage_rank"]) {
                    let refusal = json!({ "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException" });
                    let response =
                        HttpResponse::new(400.try_into().unwrap(), refusal.to_string().into());
                    return HttpConnectorFuture::ready(Ok(response));
                }
                saved["stage_rank"] = input["ExpressionAttributeValues"][":rank"].clone();
                json!({ "Attributes": saved })
            }
            _ => json!({}),
        };
        self.operations.lock().unwrap().push(operation);
        let response = HttpResponse::new(200.try_into().unwrap(), answer.to_string().into());
        HttpConnectorFuture::ready(Ok(response))
    }
}

impl FakeTable {
    fn store(&self) -> Store {
        let connector = SharedHttpConnector::new(self.clone());
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build();
        let table = Table::new(aws_sdk_dynamodb::Client::from_conf(config), "Studio");
        Store::new(
            table,
            Arc::new(|| Timestamp::UNIX_EPOCH),
            Arc::new(|| [7; 10]),
        )
    }

    fn add_user(&self, id: UserId) {
        let pk = user_pk(id);
        let at = json!({ "S": "1970-01-01T00:00:00Z" });
        let row = json!({ "pk": { "S": pk }, "sk": { "S": "USER" }, "version": { "N": "3" }, "id": { "S": id.to_string() },
            "language": { "S": "en" }, "created_at": at, "last_message_at": at });
        self.rows.lock().unwrap().insert(pk, row);
    }

    fn add_aliases(&self, aliases: &[Alias], id: UserId) {
        for alias in aliases {
            let pk = alias_pk(alias);
            let row = json!({ "pk": { "S": pk }, "sk": { "S": "ALIAS" }, "user_id": { "S": id.to_string() } });
            self.rows.lock().unwrap().insert(pk, row);
        }
    }

    fn take_operations(&self) -> Vec<String> {
        std::mem::take(&mut self.operations.lock().unwrap())
    }
}

fn trigger() -> UserTrigger {
    let event = sample("studio", "studio-conversation.text");
    let job = event["Records"][0]["body"].as_str().unwrap();
    let Job::V1 { message } = serde_json::from_str(job).unwrap() else {
        panic!("a message")
    };
    received(message)
}

fn received(message: Inbound) -> UserTrigger {
    let correlation_id = CorrelationId::new(Timestamp::UNIX_EPOCH, &|| [0; 10]);
    UserTrigger {
        id: inbox_id(&message),
        user_id: None,
        trigger: Trigger::MessageReceived { message },
        correlation_id,
    }
}

fn message() -> Inbound {
    match trigger().trigger {
        Trigger::MessageReceived { message } => message,
        other => panic!("{other:?}"),
    }
}

async fn record(store: &Store) -> UserRecord {
    match store.open(&trigger(), Consistency::Eventual).await.unwrap() {
        InboxState::New(record) => record,
        InboxState::Decided { .. } => panic!("there is no inbox row"),
    }
}

#[tokio::test]
async fn cached_user_is_read_in_one_call_and_the_alias_decides() {
    let [anna, berta] = [1, 2].map(|id| UserId::new(Timestamp::UNIX_EPOCH, &move || [id; 10]));
    let rows = FakeTable::default();
    rows.add_user(anna);
    rows.add_user(berta);
    let aliases = aliases(&message());
    rows.add_aliases(&aliases, anna);
    let store = rows.store();

    let found = record(&store).await;
    assert_eq!((found.user.as_ref().unwrap().id, found.version), (anna, 3));
    assert_eq!(rows.take_operations(), ["BatchGetItem", "GetItem"]);
    assert_eq!(
        store
            .save(&trigger(), &found, &[], Timestamp::UNIX_EPOCH)
            .await
            .unwrap(),
        SaveOutcome::Saved
    );
    assert_eq!(rows.take_operations(), ["TransactWriteItems"]);

    assert_eq!(record(&store).await.user.unwrap().id, anna);
    assert_eq!(rows.take_operations(), ["BatchGetItem"]);

    rows.add_aliases(&aliases, berta);
    assert_eq!(
        record(&store).await.user.unwrap().id,
        berta,
        "the alias decides, not the cache"
    );
    assert_eq!(rows.take_operations(), ["BatchGetItem", "GetItem"]);
}

#[tokio::test]
async fn alias_keeps_its_id_when_the_users_row_is_gone() {
    let anna = UserId::new(Timestamp::UNIX_EPOCH, &|| [1; 10]);
    let rows = FakeTable::default();
    rows.add_aliases(&aliases(&message()), anna);
    let found = record(&rows.store()).await;
    assert_eq!((found.id(), found.user), (Some(anna), None));
}

#[tokio::test]
async fn number_that_changes_to_itself_is_read_once() {
    let new = message().from.person;
    let trigger = received(Inbound {
        content: Content::NumberChanged { new },
        ..message()
    });
    let found = FakeTable::default()
        .store()
        .open(&trigger, Consistency::Eventual)
        .await
        .unwrap();
    assert!(matches!(
        found,
        InboxState::New(UserRecord { user: None, .. })
    ));
}

#[tokio::test]
async fn trigger_for_a_former_id_finds_the_merged_user() {
    let [anna, then] = [1, 2].map(|id| UserId::new(Timestamp::UNIX_EPOCH, &move || [id; 10]));
    let rows = FakeTable::default();
    rows.add_user(anna);
    rows.add_user(then);
    rows.rows.lock().unwrap().get_mut(&user_pk(then)).unwrap()["merged_into"] =
        json!({ "S": anna.to_string() });
    let correlation_id = CorrelationId::new(Timestamp::UNIX_EPOCH, &|| [0; 10]);
    let timer = |user_id| UserTrigger {
        id: "due#1".into(),
        user_id: Some(user_id),
        trigger: Trigger::TimerFired,
        correlation_id,
    };
    let store = rows.store();
    for id in [anna, then] {
        let InboxState::New(found) = store.open(&timer(id), Consistency::Eventual).await.unwrap()
        else {
            panic!("new")
        };
        assert_eq!(
            (found.id(), found.user.map(|user| user.id)),
            (Some(anna), Some(anna))
        );
    }
    let stranger = UserId::new(Timestamp::UNIX_EPOCH, &|| [3; 10]);
    let InboxState::New(unknown) = store
        .open(&timer(stranger), Consistency::Eventual)
        .await
        .unwrap()
    else {
        panic!("new")
    };
    assert_eq!((unknown.id(), unknown.user), (Some(stranger), None));
}

#[tokio::test]
async fn latest_cleanups_are_listed_newest_first() {
    let rows = FakeTable::default();
    let begun = [
        "2026-11-11T04:00:00Z",
        "2026-11-18T04:00:00Z",
        "2026-11-18T02:00:00Z",
        "2026-11-25T04:00:00Z",
    ];
    for (number, began_at) in (0_u8..).zip(begun) {
        let run = EventId::new(Timestamp::from_second(i64::from(number)).unwrap(), &|| {
            [0; 10]
        })
        .to_string();
        let row = json!({ "pk": { "S": "CLEANUPS" }, "sk": { "S": run }, "run": { "S": run },
            "dry_run": { "BOOL": true }, "began_at": { "S": began_at }, "found": { "M": {} } });
        rows.rows.lock().unwrap().insert(run, row);
    }
    let listed = rows.store().cleanups(3).await.unwrap();
    let listed: Vec<_> = listed
        .iter()
        .map(|report| report.began_at.unwrap().to_string())
        .collect();
    assert_eq!(listed, [begun[3], begun[1], begun[2]]);
}

#[test]
fn samples_are_jobs_of_the_conversation_worker() {
    let job = |name: &str| -> Job {
        let event = sample("studio", name);
        serde_json::from_str(event["Records"][0]["body"].as_str().unwrap()).unwrap()
    };
    assert!(matches!(
        job("studio-conversation.judged"),
        Job::V2 {
            trigger: Trigger::PhotoReviewed { .. },
            ..
        }
    ));
    let Job::Payment { detail } = job("studio-conversation.paid") else {
        panic!("a payment")
    };
    assert!(matches!(
        detail.change.into_trigger(),
        Some((_, Trigger::PaymentReceived { .. }))
    ));
}

#[test]
fn sample_status_refers_to_a_message() {
    let event = sample("studio", "studio-status.delivered");
    let studio_domain::StatusJob::V1 { status } =
        serde_json::from_str(event["Records"][0]["body"].as_str().unwrap()).unwrap();
    assert!(status.reference.is_some());
}

#[tokio::test]
async fn status_out_of_order_or_repeated_changes_nothing() {
    let sample = sample("studio", "studio-status.delivered");
    let job = sample["Records"][0]["body"].as_str().unwrap();
    let studio_domain::StatusJob::V1 { status } = serde_json::from_str(job).unwrap();
    let reference = status.reference.unwrap();
    let pk = user_pk(reference.user_id);
    let rows = FakeTable::default();
    let row = |rank: &str| {
        json!({ "pk": { "S": pk }, "sk": { "S": "MSG" }, "direction": { "S": "out" },
            "id": { "S": reference.effect_id.to_string() }, "user_id": { "S": reference.user_id.to_string() },
            "correlation_id": { "S": reference.correlation_id.to_string() }, "stage": { "S": "sent" },
            "action": { "M": { "action": { "S": "refund" }, "order": { "S": "ord_06f2s7v5kfw0t3jk2m8q4x9z1c" } } },
            "stage_rank": { "N": rank }, "expires_at": { "N": "0" } })
    };
    let set_rank = |rank: u8| {
        let row = row(&rank.to_string());
        rows.rows.lock().unwrap().insert(pk.clone(), row);
    };
    let store = rows.store();
    set_rank(status.stage.rank() - 1);
    assert!(store.apply_status(&status).await.unwrap().is_some());
    set_rank(status.stage.rank());
    assert_eq!(store.apply_status(&status).await.unwrap(), None, "a copy");
    set_rank(status.stage.rank() + 1);
    assert_eq!(
        store.apply_status(&status).await.unwrap(),
        None,
        "an older status"
    );
}

#[test]
fn messages_expire_after_14_days() {
    assert_eq!(message_expiry(Timestamp::UNIX_EPOCH), 14 * 24 * 3600);
}

#[test]
fn alias_cache_is_bounded() {
    let cache = AliasCache::default();
    for number in 0..2 * MAX_CACHED_ALIASES {
        cache.insert(
            vec![Alias::Scoped(Channel::Meta, format!("US.{number}").into())],
            UserId::new(Timestamp::UNIX_EPOCH, &|| [0; 10]),
        );
    }
    assert!(cache.0.lock().unwrap().len() <= MAX_CACHED_ALIASES);
}
