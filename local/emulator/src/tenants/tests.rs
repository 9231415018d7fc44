use super::*;
use crate::template::Places;

const TEMPLATE: &str = r##"
Resources:
  Rows:
    Type: AWS::DynamoDB::Table
    Metadata: {Tenants: {KeyPrefix: "T#"}}
    Properties:
      TableName: rows
      AttributeDefinitions:
        - {AttributeName: pk, AttributeType: S}
        - {AttributeName: sk, AttributeType: S}
        - {AttributeName: gpk, AttributeType: S}
      KeySchema: [{AttributeName: pk, KeyType: HASH}, {AttributeName: sk, KeyType: RANGE}]
      GlobalSecondaryIndexes:
        - IndexName: ByList
          KeySchema: [{AttributeName: gpk, KeyType: HASH}, {AttributeName: sk, KeyType: RANGE}]
          Projection: {ProjectionType: ALL}
  Other:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: other
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
  Files:
    Type: AWS::S3::Bucket
    Metadata: {Tenants: {KeyPrefix: t/}}
    Properties: {BucketName: files}
  Worker:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: target/lambda/worker/, Runtime: provided.al2023}
  Login:
    Type: AWS::Serverless::Function
    Metadata: {Tenants: {SharedRows: [TENANT, "MEMBER#*"]}}
    Properties: {CodeUri: target/lambda/login/, Runtime: provided.al2023}
  Sweep:
    Type: AWS::Serverless::Function
    Metadata: {Tenants: {SharedRows: ["*"]}}
    Properties: {CodeUri: target/lambda/sweep/, Runtime: provided.al2023}
"##;

struct Watch {
    isolation: TenantIsolation,
    recorder: Arc<Recorder>,
    headers: HeaderMap,
}

fn watch() -> Watch {
    let template = Template::parse(TEMPLATE, &Places::default()).unwrap();
    let clock = Arc::new(Clock::with_source(|| 7));
    let recorder = Recorder::new(clock.clone());
    let mut headers = HeaderMap::new();
    let trace = "Root=1-a;Parent=b;Sampled=0";
    headers.insert("x-amzn-trace-id", trace.parse().unwrap());
    Watch {
        isolation: TenantIsolation::new(&template, clock, recorder.clone()),
        recorder,
        headers,
    }
}

impl Watch {
    fn trace(&mut self, trace: &str) {
        let trace = trace.parse().unwrap();
        self.headers.insert("x-amzn-trace-id", trace);
    }

    fn origin<'a>(&'a self, caller: &'a str) -> CallOrigin<'a> {
        let headers = &self.headers;
        CallOrigin { caller, headers }
    }

    fn call(&self, operation: &str, request: Value) {
        let origin = self.origin("worker");
        self.isolation.observe_request(origin, operation, &request);
    }

    fn object(&self, method: &str, uri: &str) {
        let origin = self.origin("worker");
        self.isolation
            .observe_object(origin, method, &uri.parse().unwrap());
    }

    fn is_mixed(&self) -> bool {
        !self.isolation.violations().is_empty()
    }
}

fn key(tenant: &str) -> Value {
    json!({ "pk": { "S": format!("T#{tenant}#CONV#1") }, "sk": { "S": "HEAD" } })
}

fn get(tenant: &str) -> Value {
    json!({ "TableName": "rows", "Key": key(tenant) })
}

fn query(tenant: &str) -> Value {
    json!({
        "TableName": "rows",
        "KeyConditionExpression": "pk = :pk AND begins_with(sk, :prefix)",
        "ExpressionAttributeValues": {
            ":pk": { "S": format!("T#{tenant}") },
            ":prefix": { "S": "MSG#" },
        },
    })
}

fn index_query(tenant: &str) -> Value {
    json!({
        "TableName": "arn:aws:dynamodb:us-east-1:000000000000:table/rows",
        "IndexName": "ByList",
        "KeyConditionExpression": "#index=:list",
        "ExpressionAttributeNames": { "#index": "gpk" },
        "ExpressionAttributeValues": { ":list": { "S": format!("T#{tenant}#INBOX#open") } },
    })
}

fn put(tenant: &str, list: &str) -> Value {
    let mut item = key(tenant);
    item["gpk"] = json!({ "S": format!("T#{list}#INBOX") });
    item["text"] = json!({ "S": "T#other is written in a text" });
    json!({ "TableName": "rows", "Item": item })
}

fn update(tenant: &str, list: &str) -> Value {
    json!({
        "TableName": "rows",
        "Key": key(tenant),
        "UpdateExpression": "SET title = :title, #index = if_not_exists(gpk, :list) REMOVE draft",
        "ExpressionAttributeNames": { "#index": "gpk" },
        "ExpressionAttributeValues": {
            ":title": { "S": "T#other is written in a title" },
            ":list": { "S": format!("T#{list}#INBOX") },
        },
    })
}

fn transaction(one: &str, other: &str) -> Value {
    let check = json!({ "TableName": "rows", "Key": key(other), "ConditionExpression": "x" });
    json!({ "TransactItems": [{ "Put": put(one, one) }, { "ConditionCheck": check }] })
}

fn batch_get(one: &str, other: &str) -> Value {
    json!({ "RequestItems": { "rows": { "Keys": [key(one), key(other)] } } })
}

fn batch_write(one: &str, other: &str) -> Value {
    let put = json!({ "PutRequest": { "Item": key(one) } });
    let delete = json!({ "DeleteRequest": { "Key": key(other) } });
    json!({ "RequestItems": { "rows": [put, delete] } })
}

#[test]
fn mixed_keys_are_seen_in_every_operation() {
    let calls = |other: &str| {
        [
            ("GetItem", get(other)),
            ("DeleteItem", get(other)),
            ("Query", query(other)),
            ("Query", index_query(other)),
            ("PutItem", put(other, other)),
            ("PutItem", put("a", other)),
            ("UpdateItem", update(other, other)),
            ("UpdateItem", update("a", other)),
            ("TransactWriteItems", transaction("a", other)),
            (
                "TransactGetItems",
                json!({ "TransactItems": [{ "Get": get(other) }] }),
            ),
            ("BatchGetItem", batch_get("a", other)),
            ("BatchWriteItem", batch_write("a", other)),
            (
                "Scan",
                json!({ "TableName": "rows", "ExclusiveStartKey": key(other) }),
            ),
        ]
    };
    for (operation, request) in calls("b") {
        let watch = watch();
        watch.call("GetItem", get("a"));
        assert!(!watch.is_mixed());
        watch.call(operation, request.clone());
        assert!(watch.is_mixed(), "{operation}: {request}");
    }
    let watch = watch();
    for (operation, request) in calls("a") {
        watch.call(operation, request);
    }
    assert_eq!(watch.isolation.violations(), []);
    assert!(watch.isolation.take_unattributed_calls().is_empty());
}

#[test]
fn rows_of_an_answer_are_seen() {
    let watch = watch();
    let request = json!({ "TableName": "rows", "IndexName": "Due" });
    let observe = |items: Value| {
        let answer = json!({ "Items": items });
        let origin = watch.origin("worker");
        watch
            .isolation
            .observe_answer(origin, "Query", &request, &answer);
    };
    observe(json!([key("a"), key("a"), { "pk": { "S": "K#key" } }, { "count": { "N": "1" } }]));
    assert!(!watch.is_mixed());
    observe(json!([key("b")]));
    assert!(watch.is_mixed());
}

#[test]
fn objects_are_seen_by_key_prefix_and_copy_source() {
    let others = [
        "/files/t/b/kb/1.json",
        "/files/t%2Fb/1",
        "/files?list-type=2&prefix=t%2Fb%2F",
    ];
    for uri in others {
        let watch = watch();
        watch.object("PUT", "/files/t/a/1.json");
        watch.object("GET", "/files?list-type=2&prefix=t/a/");
        watch.object("GET", "/files/public/1.json");
        watch.object("GET", "/elsewhere/t/b/1.json");
        assert!(!watch.is_mixed());
        watch.object("GET", uri);
        assert!(watch.is_mixed(), "{uri}");
    }
    let mut watch = watch();
    watch
        .headers
        .insert("x-amz-copy-source", "files/t/b/1".parse().unwrap());
    watch.object("PUT", "/files/t/a/1");
    assert!(watch.is_mixed());
}

#[test]
fn rows_and_objects_of_one_invocation_are_compared() {
    let watch = watch();
    watch.call("GetItem", get("a"));
    watch.object("PUT", "/files/t/b/1");
    let expected = TenantViolation {
        function: "worker".to_owned(),
        invocation: "1-a".to_owned(),
        tenants: vec!["a".to_owned(), "b".to_owned()],
        first: "dynamodb GetItem rows".to_owned(),
        second: "s3 PUT files".to_owned(),
        at: 7,
    };
    assert_eq!(watch.isolation.take_violations(), [expected]);
    assert!(!watch.is_mixed());
}

#[test]
fn violation_is_logged_and_counted_once_an_invocation() {
    let watch = watch();
    for tenant in ["a", "b", "c", "b"] {
        watch.call("GetItem", get(tenant));
    }
    let lines = watch
        .recorder
        .lines(|line| line.text == "tenant keys mixed", 10);
    assert_eq!((lines.len(), lines[0].level.as_str()), (1, "ERROR"));
    assert_eq!(lines[0].fields["tenants"], json!(["a", "b"]));
    let metrics = watch.recorder.metrics();
    assert_eq!(
        (metrics[0].name.as_str(), metrics.len()),
        ("TenantKeysMixed", 1)
    );
    assert_eq!(metrics[0].total, 1.0);
}

#[test]
fn invocations_are_told_apart_and_a_batch_may_have_a_tenant_a_message() {
    let mut watch = watch();
    watch.call("GetItem", get("a"));
    watch.trace("Root=1-b;Parent=b;Sampled=0");
    watch.call("GetItem", get("b"));
    watch.trace("Root=1-c;Parent=b;Sampled=0;Records=2");
    watch.call("GetItem", get("a"));
    watch.call("GetItem", get("b"));
    assert!(!watch.is_mixed());
    watch.call("GetItem", get("c"));
    assert!(watch.is_mixed());
}

#[test]
fn other_tables_global_rows_and_outside_callers_are_not_watched() {
    let watch = watch();
    for tenant in ["a", "b"] {
        let mut other = get(tenant);
        other["TableName"] = json!("other");
        watch.call("GetItem", other);
        let key = json!({ "pk": { "S": format!("U#{tenant}") }, "sk": { "S": "PERSON" } });
        watch.call("GetItem", json!({ "TableName": "rows", "Key": key }));
        let origin = watch.origin("outside");
        watch
            .isolation
            .observe_request(origin, "GetItem", &get(tenant));
        watch
            .isolation
            .observe_object(origin, "GET", &"/files/t/b/1".parse().unwrap());
    }
    assert!(!watch.is_mixed());
}

#[test]
fn functions_may_share_the_rows_that_they_declare() {
    let row = |tenant: &str, sort: &str| {
        let key = json!({ "pk": { "S": format!("T#{tenant}") }, "sk": { "S": sort } });
        json!({ "TableName": "rows", "Key": key })
    };
    let watch = watch();
    let observe = |caller: &str, request: Value| {
        let origin = watch.origin(caller);
        watch.isolation.observe_request(origin, "GetItem", &request);
    };
    for tenant in ["a", "b"] {
        observe("login", row(tenant, "TENANT"));
        observe("login", row(tenant, "MEMBER#usr_1"));
        observe("sweep", row(tenant, "HEAD"));
    }
    assert!(!watch.is_mixed());
    observe("login", row("a", "HEAD"));
    observe("login", row("b", "HEAD"));
    assert!(watch.is_mixed());
}

#[test]
fn calls_without_an_invocation_are_kept_apart() {
    let mut watch = watch();
    watch.headers.clear();
    watch.call("GetItem", get("a"));
    watch.call("GetItem", get("b"));
    assert!(!watch.is_mixed());
    let calls = watch.isolation.take_unattributed_calls();
    assert_eq!(calls[1], "worker: dynamodb GetItem rows of b");
    assert!(watch.isolation.take_unattributed_calls().is_empty());
}

#[test]
fn oldest_invocations_are_forgotten() {
    let mut watch = watch();
    for number in 0..=MAX_INVOCATIONS {
        watch.trace(&format!("Root={number}"));
        watch.call("GetItem", get("a"));
    }
    assert_eq!(
        locked(&watch.isolation.invocations).tenants.len(),
        MAX_INVOCATIONS
    );
    watch.trace("Root=0");
    watch.call("GetItem", get("b"));
    assert!(!watch.is_mixed());
}
