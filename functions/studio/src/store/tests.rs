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
use studio_domain::{Event as What, Job, aliases, event_of};

use super::*;

/// Answers reads from its rows, by their `pk`; writes change nothing.
#[derive(Debug, Clone, Default)]
struct Rows {
    rows: Arc<Mutex<BTreeMap<String, Value>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl HttpConnector for Rows {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let operation = request
            .headers()
            .get("x-amz-target")
            .unwrap()
            .split_once('.')
            .unwrap()
            .1
            .to_owned();
        let asked: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let rows = self.rows.lock().unwrap();
        let row = |key: &Value| rows.get(key["pk"]["S"].as_str().unwrap()).cloned();
        let answer = match operation.as_str() {
            "BatchGetItem" => {
                let keys = asked["RequestItems"]["Studio"]["Keys"].as_array().unwrap();
                let twice = keys
                    .iter()
                    .enumerate()
                    .any(|(index, key)| keys[..index].contains(key));
                assert!(
                    !twice,
                    "DynamoDB refuses a batch with a key twice: {keys:?}"
                );
                json!({ "Responses": { "Studio": keys.iter().filter_map(row).collect::<Vec<_>>() } })
            }
            "GetItem" => json!({ "Item": row(&asked["Key"]) }),
            // Of one partition: rows in the order of their names here.
            "Query" => {
                let mut found: Vec<_> = rows.values().cloned().collect();
                if asked["ScanIndexForward"] == false {
                    found.reverse();
                }
                found.truncate(usize::try_from(asked["Limit"].as_u64().unwrap()).unwrap());
                json!({ "Items": found })
            }
            _ => json!({}),
        };
        self.asked.lock().unwrap().push(operation);
        let response = HttpResponse::new(200.try_into().unwrap(), answer.to_string().into());
        HttpConnectorFuture::ready(Ok(response))
    }
}

impl Rows {
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

    fn lead_to(&self, names: &[Alias], id: UserId) {
        for name in names {
            let pk = alias_pk(name);
            let row = json!({ "pk": { "S": pk }, "sk": { "S": "ALIAS" }, "user_id": { "S": id.to_string() } });
            self.rows.lock().unwrap().insert(pk, row);
        }
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

fn event() -> Event {
    let event = sample("studio", "studio-conversation.text");
    let job = event["Records"][0]["body"].as_str().unwrap();
    let Job::V1 { message } = serde_json::from_str(job).unwrap() else {
        panic!("a message")
    };
    said(message)
}

fn said(message: Inbound) -> Event {
    let correlation_id = CorrelationId::new(Timestamp::UNIX_EPOCH, &|| [0; 10]);
    Event {
        id: event_of(&message),
        person: None,
        what: What::Said { message },
        correlation_id,
    }
}

fn message() -> Inbound {
    match event().what {
        What::Said { message } => message,
        other => panic!("{other:?}"),
    }
}

async fn person(store: &Store) -> Person {
    match store.open(&event(), Consistency::Eventual).await.unwrap() {
        InboxState::New(person) => person,
        InboxState::Decided { .. } => panic!("there is no inbox row"),
    }
}

#[tokio::test]
async fn a_person_whom_the_process_has_met_is_read_in_one_call() {
    let [anna, berta] = [1, 2].map(|id| UserId::new(Timestamp::UNIX_EPOCH, &move || [id; 10]));
    let rows = Rows::default();
    rows.add_user(anna);
    rows.add_user(berta);
    let names = aliases(&message());
    rows.lead_to(&names, anna);
    let store = rows.store();

    let found = person(&store).await;
    assert_eq!((found.user.as_ref().unwrap().id, found.version), (anna, 3));
    assert_eq!(rows.asked(), ["BatchGetItem", "GetItem"]);
    assert_eq!(
        store
            .save(&event(), &found, &[], Timestamp::UNIX_EPOCH)
            .await
            .unwrap(),
        SaveOutcome::Saved
    );
    assert_eq!(rows.asked(), ["TransactWriteItems"]);

    assert_eq!(person(&store).await.user.unwrap().id, anna);
    assert_eq!(rows.asked(), ["BatchGetItem"]);

    rows.lead_to(&names, berta);
    assert_eq!(
        person(&store).await.user.unwrap().id,
        berta,
        "the alias is believed, not the guess"
    );
    assert_eq!(rows.asked(), ["BatchGetItem", "GetItem"]);
}

#[tokio::test]
async fn whom_an_alias_leads_to_keeps_the_id_even_without_a_row() {
    let anna = UserId::new(Timestamp::UNIX_EPOCH, &|| [1; 10]);
    let rows = Rows::default();
    rows.lead_to(&aliases(&message()), anna);
    let found = person(&rows.store()).await;
    assert_eq!((found.id(), found.user), (Some(anna), None));
}

#[tokio::test]
async fn a_number_that_changed_to_itself_is_asked_for_once() {
    let new = message().from.person;
    let event = said(Inbound {
        content: Content::NumberChanged { new },
        ..message()
    });
    let found = Rows::default()
        .store()
        .open(&event, Consistency::Eventual)
        .await
        .unwrap();
    assert!(matches!(found, InboxState::New(Person { user: None, .. })));
}

#[tokio::test]
async fn what_happens_to_a_person_finds_them_under_an_id_that_they_had() {
    let [anna, then] = [1, 2].map(|id| UserId::new(Timestamp::UNIX_EPOCH, &move || [id; 10]));
    let rows = Rows::default();
    rows.add_user(anna);
    rows.add_user(then);
    rows.rows.lock().unwrap().get_mut(&user_pk(then)).unwrap()["merged_into"] =
        json!({ "S": anna.to_string() });
    let correlation_id = CorrelationId::new(Timestamp::UNIX_EPOCH, &|| [0; 10]);
    let event = |person| Event {
        id: "due#1".into(),
        person: Some(person),
        what: What::Due,
        correlation_id,
    };
    let store = rows.store();
    for id in [anna, then] {
        let InboxState::New(found) = store.open(&event(id), Consistency::Eventual).await.unwrap()
        else {
            panic!("new")
        };
        assert_eq!(
            (found.id(), found.user.map(|user| user.id)),
            (Some(anna), Some(anna))
        );
    }
    let stranger = UserId::new(Timestamp::UNIX_EPOCH, &|| [3; 10]);
    let InboxState::New(nobody) = store
        .open(&event(stranger), Consistency::Eventual)
        .await
        .unwrap()
    else {
        panic!("new")
    };
    assert_eq!((nobody.id(), nobody.user), (Some(stranger), None));
}

#[tokio::test]
async fn cleanups_are_listed_newest_first_and_only_the_latest() {
    let rows = Rows::default();
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
fn the_samples_are_jobs_of_the_worker() {
    let job = |name: &str| -> Job {
        let event = sample("studio", name);
        serde_json::from_str(event["Records"][0]["body"].as_str().unwrap()).unwrap()
    };
    assert!(matches!(
        job("studio-conversation.judged"),
        Job::V2 {
            event: What::Judged { .. },
            ..
        }
    ));
    let Job::Told { detail } = job("studio-conversation.paid") else {
        panic!("from the bus")
    };
    assert!(matches!(
        detail.news.happened(),
        Some((_, What::Paid { .. }))
    ));
}

#[test]
fn the_sample_status_is_one_that_the_worker_follows() {
    let event = sample("studio", "studio-status.delivered");
    let studio_domain::StatusJob::V1 { status } =
        serde_json::from_str(event["Records"][0]["body"].as_str().unwrap()).unwrap();
    assert!(status.reference.is_some());
}

#[test]
fn only_so_many_people_are_remembered() {
    let met = Met::default();
    for number in 0..2 * MOST_MET {
        met.remember(
            vec![Alias::Scoped(Channel::Meta, format!("US.{number}").into())],
            UserId::new(Timestamp::UNIX_EPOCH, &|| [0; 10]),
        );
    }
    assert!(met.0.lock().unwrap().len() <= MOST_MET);
}
