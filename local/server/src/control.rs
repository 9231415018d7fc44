//! The control API and the pages. `API.md` is its contract.

use std::{collections::BTreeMap, convert::Infallible, path::PathBuf, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
    routing::{delete, get, post},
};
use futures::{Stream, StreamExt, stream};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;

use confab_emulator::{
    cloud::Cloud, gateway, lambda::Outcome, record::News, schedule, sockets as websocket,
    sqs::SqsError, template::Template,
};

use crate::services::Page;

mod sockets;

#[derive(Debug, Clone)]
pub(crate) struct Control {
    pub cloud: Arc<Cloud>,
    pub addresses: Addresses,
    pub pages: PathBuf,
    /// Of each function.
    pub services: Arc<BTreeMap<String, String>>,
    pub service_pages: Arc<Vec<Page>>,
    /// As the control room links them.
    pub products: Arc<Vec<Value>>,
}

#[derive(Debug, Clone, serde::Serialize)]
pub struct Addresses {
    pub home: String,
    pub gateway: String,
    pub aws: String,
    /// Of the WebSocket API, when the template has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub socket: Option<String>,
}

/// An error with its status, as the pages show it.
#[derive(Debug)]
pub(crate) struct Problem(pub StatusCode, pub &'static str, pub String);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self(status, code, message) = self;
        (
            status,
            Json(json!({ "error": { "code": code, "message": message } })),
        )
            .into_response()
    }
}

pub(crate) fn not_found(what: &str) -> Problem {
    Problem(
        StatusCode::NOT_FOUND,
        "not_found",
        format!("There is no {what}."),
    )
}

impl From<SqsError> for Problem {
    fn from(error: SqsError) -> Self {
        match error {
            SqsError::NoQueue => not_found("such queue"),
            other => Self(
                StatusCode::INTERNAL_SERVER_ERROR,
                "queue_failed",
                other.to_string(),
            ),
        }
    }
}

impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        Self(
            StatusCode::INTERNAL_SERVER_ERROR,
            "failed",
            format!("{error:#}"),
        )
    }
}

pub(crate) fn router(control: Control) -> Router {
    Router::new()
        .route(
            "/",
            get(|State(control): State<Control>| async move { page(&control, "home.html").await }),
        )
        .route("/assets/{name}", get(asset))
        .route("/api/state", get(state))
        .route("/api/stream", get(stream_all))
        .route("/api/clock", post(advance))
        .route("/api/traces", get(traces))
        .route("/api/traces/{id}", get(trace))
        .route("/api/logs", get(logs))
        .route("/api/functions/{name}/invoke", post(invoke))
        .route("/api/functions/{name}/kill", post(kill))
        .route("/api/schedules/{name}/run", post(run_schedule))
        .route("/api/queues/{name}/messages", get(messages))
        .route("/api/queues/{name}/messages/{id}", delete(throw_away))
        .route("/api/queues/{name}/redrive", post(redrive))
        .merge(sockets::routes())
        .fallback(page_of_service)
        .with_state(control)
}

/// A page that calls the APIs talks to the gateway, to buckets and over sockets: each has an address of its own, as on AWS.
async fn page_of_service(State(control): State<Control>, request: Request) -> Response {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return StatusCode::NOT_FOUND.into_response();
    }
    let path = request.uri().path();
    let Addresses {
        gateway,
        aws,
        socket,
        ..
    } = &control.addresses;
    let asks_for_config = path.strip_suffix("/config.json");
    let asked = asks_for_config.unwrap_or(path);
    let asked = if asked.len() > 1 {
        asked.trim_end_matches('/')
    } else {
        asked
    };
    let mut pages = control.service_pages.iter();
    let Some(page) = pages.find(|page| gateway::fits(&page.path, asked).is_some()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match (page.calls_api, asks_for_config) {
        (true, Some(_)) => Json(json!({ "api": gateway })).into_response(),
        (true, None) => {
            let socket = socket
                .as_deref()
                .unwrap_or_default()
                .splitn(4, '/')
                .take(3)
                .collect::<Vec<_>>()
                .join("/");
            page_with(
                &control,
                &page.file,
                &format!("{gateway} {aws} {socket}"),
                aws,
            )
            .await
        }
        (false, None) => page_with(&control, &page.file, "", "").await,
        (false, Some(_)) => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn page(control: &Control, name: &str) -> Response {
    page_with(control, name, "", "").await
}

async fn page_with(
    control: &Control,
    name: &str,
    connects_to: &str,
    images_from: &str,
) -> Response {
    let Ok(html) = tokio::fs::read(control.pages.join(name)).await else {
        let text = "The pages are not built. scripts/dev builds them; so does `npm ci && npm run build` in web/.";
        return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    };
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob: {images_from}; connect-src 'self' {connects_to}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, policy.as_str()),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, html).into_response()
}

async fn asset(State(control): State<Control>, Path(name): Path<String>) -> Response {
    let kind = match name.rsplit_once('.') {
        Some((stem, "js")) if !stem.starts_with('.') => "text/javascript; charset=utf-8",
        Some((stem, "css")) if !stem.starts_with('.') => "text/css; charset=utf-8",
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    // One segment, so that no path leads out of the folder.
    if name.contains(['/', '\\']) {
        return StatusCode::NOT_FOUND.into_response();
    }
    match tokio::fs::read(control.pages.join("assets").join(&name)).await {
        Ok(bytes) => (
            [
                (header::CONTENT_TYPE, kind),
                (header::CACHE_CONTROL, "max-age=31536000, immutable"),
            ],
            bytes,
        )
            .into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn state(State(control): State<Control>) -> Json<Value> {
    Json(snapshot(&control).await)
}

async fn snapshot(control: &Control) -> Value {
    let cloud = &control.cloud;
    let mut tables = Vec::new();
    for table in &cloud.template.tables {
        tables.push(json!({ "name": table.name, "items": cloud.tables.count(&table.name).await }));
    }
    let calls: Vec<_> = cloud
        .record
        .calls()
        .into_iter()
        .map(|(caller, calls)| merged(json!(caller), json!(calls)))
        .collect();
    let schedules: Vec<_> = cloud
        .schedules
        .all
        .iter()
        .map(|schedule| {
            let due = cloud.schedules.due(&schedule.spec.name);
            json!({
                "name": schedule.spec.name,
                "expression": schedule.spec.expression,
                "timezone": schedule.spec.timezone,
                "target": cloud.functions.get(&schedule.spec.target_arn).map(|function| function.spec.name.clone()),
                "next_at": due.and_then(|due| due.next_at),
                "last_at": due.and_then(|due| due.last_at),
            })
        })
        .collect();
    json!({
        "started_at": cloud.started_at,
        "now": cloud.clock.now(),
        "clock_offset_ms": cloud.clock.offset_ms(),
        "addresses": control.addresses,
        "products": &*control.products,
        "functions": functions(control),
        "queues": queues(cloud),
        "rules": rules(cloud),
        "schedules": schedules,
        "tables": tables,
        "buckets": cloud.objects.counts().into_iter().map(|(name, objects)| json!({ "name": name, "objects": objects })).collect::<Vec<_>>(),
        "sockets": cloud.sockets.snapshot(cloud.clock.now()),
        "aws_calls": calls,
        "provider_calls": cloud.record.all_asked(),
        "metrics": cloud.record.metrics(),
    })
}

fn merged(mut one: Value, other: Value) -> Value {
    if let (Some(one), Value::Object(other)) = (one.as_object_mut(), other) {
        one.extend(other);
    }
    one
}

fn functions(control: &Control) -> Vec<Value> {
    let all = control.cloud.functions.all();
    all.map(|function| {
        let mut about = json!(function.snapshot());
        about["service"] = json!(control.services.get(&function.spec.name));
        if let Some(triggers) = about["triggers"].as_array_mut() {
            triggers.extend(others(&control.cloud.template, &function.spec.arn).map(Value::from));
        }
        about
    })
    .collect()
}

/// What starts a function apart from its own routes and queues.
fn others<'a>(template: &'a Template, arn: &'a str) -> impl Iterator<Item = String> + 'a {
    let schedules = template
        .schedules
        .iter()
        .filter(move |schedule| schedule.target_arn == arn);
    let rules = template
        .rules
        .iter()
        .filter(move |rule| rule.targets.iter().any(|target| target.arn == arn));
    schedules
        .map(|schedule| format!("schedule {}", schedule.expression))
        .chain(rules.map(|rule| format!("rule {}", rule.name)))
        .chain(websocket::triggers(&template.sockets, arn))
}

fn queues(cloud: &Cloud) -> Vec<Value> {
    let own = cloud
        .queues
        .queues()
        .filter(|queue| !queue.name.starts_with('.'));
    own.map(|queue| {
        let consumer = cloud.functions.all().find(|function| {
            function
                .spec
                .consumers
                .iter()
                .any(|c| c.queue_arn == queue.arn)
        });
        let dlq = queue
            .redrive
            .as_ref()
            .and_then(|redrive| cloud.queues.by_arn(&redrive.dlq_arn).ok());
        let about = json!({
            "name": queue.name,
            "fifo": queue.fifo,
            "dlq": dlq.map(|dlq| dlq.name.clone()),
            "is_dlq": cloud.queues.source_of(queue).is_some(),
            "consumer": consumer.map(|function| function.spec.name.clone()),
        });
        merged(about, json!(cloud.queues.stats(queue).unwrap_or_default()))
    })
    .collect()
}

fn rules(cloud: &Cloud) -> Vec<Value> {
    let rules = cloud.template.rules.iter();
    rules
        .map(|rule| {
            let targets: Vec<_> = rule.targets.iter().map(|target| target_name(cloud, &target.arn)).collect();
            let about = json!({ "name": rule.name, "bus": rule.bus, "pattern": rule.pattern, "targets": targets });
            merged(about, json!(cloud.record.matches(&rule.bus, &rule.name)))
        })
        .collect()
}

fn target_name(cloud: &Cloud, arn: &str) -> String {
    match (cloud.template.queue_by_arn(arn), cloud.functions.get(arn)) {
        (Some(queue), _) => format!("queue {}", queue.name),
        (None, Some(function)) => format!("function {}", function.spec.name),
        (None, None) => arn.to_owned(),
    }
}

/// A snapshot at most four times a second, and only when something has happened.
async fn stream_all(
    State(control): State<Control>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let news = stream::unfold(control.cloud.record.news(), |mut news| async move {
        loop {
            match news.recv().await {
                Ok(News::Entry(entry)) => return Some((event("entry", &*entry), news)),
                Ok(News::Line(line)) => return Some((event("log", &*line), news)),
                // A slow page misses some: it has the snapshot, and may ask for the rest.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    });
    let snapshots = stream::unfold((control, None), |(control, seen)| async move {
        loop {
            let version = (
                control.cloud.record.version(),
                control.cloud.clock.offset_ms(),
            );
            if seen != Some(version) {
                // A task of its own: this one goes on only as far as the page reads.
                let asked = control.clone();
                let snapshot = tokio::spawn(async move { snapshot(&asked).await })
                    .await
                    .ok()?;
                return Some((event("state", &snapshot), (control, Some(version))));
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    });
    let paced = snapshots.then(|event| async move {
        tokio::time::sleep(Duration::from_millis(250)).await;
        event
    });
    Sse::new(stream::select(news, paced).map(Ok)).keep_alive(KeepAlive::default())
}

fn event(name: &str, data: &impl serde::Serialize) -> Event {
    Event::default()
        .event(name)
        .json_data(data)
        .unwrap_or_default()
}

#[derive(Deserialize)]
struct Advance {
    advance_ms: i64,
}

async fn advance(
    State(control): State<Control>,
    Json(by): Json<Advance>,
) -> Result<Json<Value>, Problem> {
    const YEAR: i64 = 366 * 24 * 3_600 * 1_000;
    if !(1..=YEAR).contains(&by.advance_ms) {
        let text = "Time moves forward, by a year at most.".to_owned();
        return Err(Problem(StatusCode::BAD_REQUEST, "bad_advance", text));
    }
    let quiet = control.cloud.functions.quiet().await;
    control.cloud.queues.advance(by.advance_ms)?;
    for function in control.cloud.functions.all() {
        function.renew();
    }
    drop(quiet);
    control.cloud.sockets.sweep(control.cloud.clock.now());
    control.cloud.record.touch();
    Ok(Json(
        json!({ "now": control.cloud.clock.now(), "offset_ms": control.cloud.clock.offset_ms() }),
    ))
}

#[derive(Deserialize)]
struct Limit {
    limit: Option<usize>,
}

async fn traces(State(control): State<Control>, Query(query): Query<Limit>) -> impl IntoResponse {
    Json(control.cloud.record.traces(query.limit.unwrap_or(50)))
}

async fn trace(State(control): State<Control>, Path(id): Path<String>) -> impl IntoResponse {
    Json(
        control
            .cloud
            .record
            .trace(&id)
            .iter()
            .map(|entry| json!(**entry))
            .collect::<Vec<_>>(),
    )
}

#[derive(Deserialize)]
struct Logs {
    function: Option<String>,
    correlation_id: Option<String>,
    limit: Option<usize>,
}

async fn logs(State(control): State<Control>, Query(query): Query<Logs>) -> impl IntoResponse {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let (function, correlation) = (given(&query.function), given(&query.correlation_id));
    let wanted = |line: &confab_emulator::record::Line| {
        function.as_ref().is_none_or(|name| line.function == *name)
            && correlation
                .as_ref()
                .is_none_or(|id| line.correlation_id.as_ref() == Some(id))
    };
    let lines = control
        .cloud
        .record
        .lines(wanted, query.limit.unwrap_or(200));
    Json(lines.iter().map(|line| json!(**line)).collect::<Vec<_>>())
}

async fn invoke(
    State(control): State<Control>,
    Path(name): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let function = control
        .cloud
        .functions
        .get(&name)
        .ok_or_else(|| not_found("such function"))?;
    let started = std::time::Instant::now();
    let (status, payload) = match function.invoke(body).await {
        Outcome::Answered(answer) => ("ok", serde_json::from_slice(&answer).unwrap_or(Value::Null)),
        Outcome::Failed(failure) => ("error", json!(failure)),
    };
    Ok(Json(
        json!({ "status": status, "payload": payload, "duration_ms": started.elapsed().as_secs_f64() * 1_000.0 }),
    ))
}

async fn kill(
    State(control): State<Control>,
    Path(name): Path<String>,
) -> Result<Json<Value>, Problem> {
    let function = control
        .cloud
        .functions
        .get(&name)
        .ok_or_else(|| not_found("such function"))?;
    Ok(Json(json!({ "killed": function.kill_all() })))
}

async fn run_schedule(
    State(control): State<Control>,
    Path(name): Path<String>,
) -> Result<Json<Value>, Problem> {
    let all = &control.cloud.schedules.all;
    let schedule = all
        .iter()
        .find(|schedule| schedule.spec.name == name)
        .ok_or_else(|| not_found("such schedule"))?;
    schedule::fire(&control.cloud, schedule)?;
    Ok(Json(json!({ "fired": name })))
}

async fn messages(
    State(control): State<Control>,
    Path(name): Path<String>,
    Query(query): Query<Limit>,
) -> Result<Response, Problem> {
    let queue = control.cloud.queues.queue(&name)?;
    Ok(Json(
        control
            .cloud
            .queues
            .peek(queue, query.limit.unwrap_or(50))?,
    )
    .into_response())
}

async fn throw_away(
    State(control): State<Control>,
    Path((name, id)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    let queue = control.cloud.queues.queue(&name)?;
    match control.cloud.queues.throw_away(queue, &id)? {
        0 => Err(not_found("such message")),
        deleted => {
            control.cloud.record.touch();
            Ok(Json(json!({ "deleted": deleted })))
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Redrive {
    message_id: Option<String>,
}

async fn redrive(
    State(control): State<Control>,
    Path(name): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let wanted: Redrive = match body.is_empty() {
        true => Redrive::default(),
        false => serde_json::from_slice(&body)
            .map_err(|e| Problem(StatusCode::BAD_REQUEST, "bad_request", e.to_string()))?,
    };
    let queues = &control.cloud.queues;
    let dlq = queues.queue(&name)?;
    let source = queues.source_of(dlq).ok_or_else(|| {
        Problem(
            StatusCode::CONFLICT,
            "no_dlq",
            format!("{name} is no queue's dead-letter queue."),
        )
    })?;
    let moved = queues.redrive(dlq, source, wanted.message_id.as_deref())?;
    control.cloud.record.touch();
    Ok(Json(json!({ "moved": moved })))
}

/// Pages may be framed by nobody, and types are what they say.
pub(crate) async fn safe_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use confab_emulator::{
        bus, clock::Clock, cloud::CloudConfig, lambda::Folders, template::Places,
    };

    async fn open() -> anyhow::Result<(tempfile::TempDir, Cloud)> {
        let data = tempfile::tempdir()?;
        let places = Places::default();
        let config = CloudConfig {
            data: data.path().to_owned(),
            folders: Folders {
                binaries: data.path().to_owned(),
                tools: data.path().to_owned(),
            },
            template: Template::parse(TEMPLATE, &places)?,
            places,
            parameters: BTreeMap::new(),
            clock: Arc::new(Clock::open(data.path())?),
        };
        let cloud = Cloud::open(config).await?;
        Ok((data, cloud))
    }

    const TEMPLATE: &str = "
Resources:
  Bus:
    Type: AWS::Events::EventBus
    Properties:
      Name: !Ref AWS::StackName
  Line:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub '${AWS::StackName}-line'
  Gone:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub '${AWS::StackName}-gone'
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: target/lambda/hello/
      Runtime: provided.al2023
      Events:
        Often:
          Type: ScheduleV2
          Properties:
            ScheduleExpression: rate(5 minutes)
        Paid:
          Type: EventBridgeRule
          Properties:
            RuleName: paid
            EventBusName: !Ref Bus
            Pattern:
              detail-type: [paid]
  Told:
    Type: AWS::Events::Rule
    Properties:
      Name: told
      EventBusName: !Ref Bus
      EventPattern:
        source: [shop]
      Targets:
        - {Id: line, Arn: !GetAtt Line.Arn}
        - {Id: gone, Arn: !GetAtt Gone.Arn}
";

    #[tokio::test]
    async fn rules_name_their_targets_and_count_what_they_did() -> anyhow::Result<()> {
        let (_data, cloud) = open().await?;
        let event = |kind: &str| json!({ "EventBusName": "confab", "Source": "shop", "DetailType": kind, "Detail": "{}" });
        let entries = json!({ "Entries": [event("paid"), event("else"), event("else")] });
        bus::put_events(&cloud, &entries).map_err(anyhow::Error::msg)?;
        let told: Vec<_> = rules(&cloud)
            .iter()
            .map(|rule| {
                json!([
                    rule["name"],
                    rule["targets"],
                    rule["matched"],
                    rule["failed"]
                ])
            })
            .collect();
        let expected = [
            json!(["paid", ["function hello"], 1, 0]),
            json!(["told", ["queue confab-line", "queue confab-gone"], 3, 0]),
        ];
        assert_eq!(told, expected);
        Ok(())
    }

    #[tokio::test]
    async fn whatever_starts_a_function_is_said() -> anyhow::Result<()> {
        let (_data, cloud) = open().await?;
        let hello = cloud
            .functions
            .get("hello")
            .ok_or_else(|| anyhow::anyhow!("no function"))?;
        let others: Vec<_> = others(&cloud.template, &hello.spec.arn).collect();
        assert_eq!(others, ["schedule rate(5 minutes)", "rule paid"]);
        Ok(())
    }
}
